-- Programmes, calls and what they state have a history.

SELECT aspire_track('calls_programme', 'calls_programmeevent');
SELECT aspire_track('calls_call', 'calls_callevent');
SELECT aspire_track('calls_field', 'calls_fieldevent');
SELECT aspire_track('calls_callfield', 'calls_callfieldevent');
SELECT aspire_track('calls_eligiblefunder', 'calls_eligiblefunderevent');
SELECT aspire_track('calls_terms', 'calls_termsevent');
SELECT aspire_track('calls_potslice', 'calls_potsliceevent');
SELECT aspire_track('calls_criterion', 'calls_criterionevent');
SELECT aspire_track('calls_publishedfigure', 'calls_publishedfigureevent');
