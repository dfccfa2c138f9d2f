{{ config(materialized='view') }}

-- who bought after an enrolment, in time for the lift: an arm is what was drawn, whatever became of it
with

{{ conversions() }}

select * from converted
