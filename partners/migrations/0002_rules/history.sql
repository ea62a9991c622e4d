-- Countries, funders, institutions and dialogues have a history.

SELECT aspire_track('partners_country', 'partners_countryevent');
SELECT aspire_track('partners_funder', 'partners_funderevent');
SELECT aspire_track('partners_institution', 'partners_institutionevent');
SELECT aspire_track('partners_dialogue', 'partners_dialogueevent');
SELECT aspire_track('partners_initiative', 'partners_initiativeevent');
