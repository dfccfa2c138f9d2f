select cast(max(cast(ordered_at as timestamp)) as date) + interval 1 day
from read_csv($file, header = true, all_varchar = true)
