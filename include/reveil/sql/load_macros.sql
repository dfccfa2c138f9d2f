-- How a cell of a file becomes a value. A cell that cannot be read becomes null, never an error:
-- an error's text would quote it.

-- trimmed; null where empty or one of the source's words for nothing
create or replace temp macro cell(text, null_texts) as
    case when list_contains(null_texts, trim(text)) then null else nullif(trim(text), '') end;

-- the company's word in ours; a word without a translation stays
create or replace temp macro translated(text, theirs, ours) as
    coalesce(list_extract(ours, list_position(theirs, text)), text);

-- before 1900 stand fillers (0001-01-01, 1899-12-30), not instants of a customer's life; beyond 9999
-- mistakes
create or replace temp macro plausible(instant) as
    case when isfinite(instant) and instant >= timestamp '1900-01-01' and instant < timestamp '10000-01-01'
        then instant end;

-- the shape is held fast: a cast would read 10:00 PM as ten in the morning
create or replace temp macro is_local(text) as
    regexp_full_match(text, '\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?');

create or replace temp macro has_offset(text) as
    regexp_full_match(
        text,
        '\d{4}[-/]\d{1,2}[-/]\d{1,2}[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|UTC|GMT|[+-](0\d|1[0-5])(:?[0-5]\d)?)',
        'i'
    );

create or replace temp macro offset_instant(text) as
    try_cast(regexp_replace(upper(text), ' ([+-]\d\d)', '\1') as timestamptz);

-- the last days that can be written mean "for ever" and are not moved
create or replace temp macro in_zone(instant, zone) as
    case when zone = 'UTC' or instant >= timestamp '9999-12-30' then instant
        else instant at time zone zone at time zone 'UTC' end;

create or replace temp macro in_utc(instant) as
    plausible(case when isfinite(instant) and year(instant) between 1899 and 10000
        then instant at time zone 'UTC' end);

-- ISO text; its own offset counts, else the source's time zone
create or replace temp macro instant(text, zone) as
    case when is_local(text) then in_zone(plausible(try_cast(text as timestamp)), zone)
        when has_offset(text) then in_utc(offset_instant(text)) end;

-- a day has no time zone: 2026-11-21T00:00:00+02:00 is the 21st
create or replace temp macro local_day(text) as
    case when is_local(text) or has_offset(text) then plausible(try_cast(text as timestamp))::date end;

-- text in the source's own formats, without an offset
create or replace temp macro formatted_instant(text, formats, zone) as
    in_zone(plausible(try_strptime(text, formats)), zone);

-- the same with %z or %Z in the format
create or replace temp macro formatted_offset_instant(text, formats) as
    in_utc(try_strptime(text, formats)::timestamptz);

create or replace temp macro is_number(text) as
    regexp_full_match(text, '[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?');

-- 1.234,56 or 1 234,56 as 1234.56; a point that cannot part thousands makes no number
create or replace temp macro with_point(text) as
    case when regexp_full_match(text, '[+-]?(\d+|\d{1,3}([.\x{20}\x{A0}\x{202F}]\d{3})+)(,\d*)?')
        then replace(regexp_replace(text, '[.\x{20}\x{A0}\x{202F}]', '', 'g'), ',', '.') end;

create or replace temp macro amount(text) as
    case when is_number(text) then try_cast(text as decimal(18, 2)) end;

create or replace temp macro whole_number(text) as
    case when regexp_full_match(text, '[+-]?\d+(\.0*)?') then try_cast(text as smallint) end;

create or replace temp macro rate(text) as
    case when is_number(text) and isfinite(try_cast(text as double)) then try_cast(text as double) end;

create or replace temp macro flag(text) as
    case
        when lower(text) in ('true', 't', '1', 'yes', 'y') then true
        when lower(text) in ('false', 'f', '0', 'no', 'n') then false
    end;

-- a line break in an address would let a file write mail headers
create or replace temp macro has_control(text) as
    regexp_matches(text, '[\x00-\x1F\x7F-\x{9F}\x{2028}\x{2029}]');

-- ids that a data frame made floating point: 42.0 is 42
create or replace temp macro without_fraction(number) as
    case when number = trunc(number) and abs(number) < 9e15 then number::bigint::varchar else number::varchar end;

-- how many lines that are not blank a text fills; `x` stands for what is around a cell's line breaks
create or replace temp macro filled_lines(text) as
    len(list_filter(string_split(replace(text, chr(13), ''), chr(10)), lambda line: line <> ''));

create or replace temp macro row_span(cells) as
    case when contains(cells, chr(10)) then filled_lines('x' || cells || 'x') else 1 end;

-- the rules of reveil.addresses for ASCII addresses; null for the others
create or replace temp macro ascii_address(text, pattern, max_address, max_local) as
    case
        when regexp_full_match(lower(text), pattern) and length(text) <= max_address
            and strpos(text, '@') <= max_local + 1
            then lower(text)
    end;
