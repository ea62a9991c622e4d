"""What imports marked before there were follow-ups becomes one each; what somebody has looked into since does not."""

from django.db import migrations

FOLLOW_UPS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM aspire_importrecord WHERE kind = 'proposals') THEN
        INSERT INTO proposals_followup (proposal_id, code, "column", value, finding, raised_by_id, raised_at, comment)
        SELECT p.id, found.code, found.at, left(coalesce(flag ->> 'value', ''), 300),
               jsonb_set(flag #- '{values,value}', '{value}', 'null'), r.user_id, r.imported_at, ''
          FROM aspire_importrecord r
          JOIN calls_call c ON c.code = r.call_code
         CROSS JOIN LATERAL jsonb_array_elements(r.rows) saved
          JOIN proposals_proposal p ON p.call_id = c.id AND p.number = saved ->> 2
         CROSS JOIN LATERAL jsonb_array_elements(saved -> 3) flag
         CROSS JOIN LATERAL (SELECT flag ->> 'code' AS code, left(coalesce(flag ->> 'header', ''), 60) AS at) found
         WHERE r.kind = 'proposals' AND NOT p.is_reconstructed
           AND NOT EXISTS (SELECT FROM proposals_followup f
                            WHERE f.proposal_id = p.id AND f.code = found.code AND f."column" = found.at)
         ORDER BY r.imported_at DESC
            ON CONFLICT DO NOTHING;
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("proposals", "0013_institutions_by_their_key"), ("aspire", "0005_files_as_they_come")]
    operations = [migrations.RunSQL(FOLLOW_UPS, "")]
