-- What only grows: who imported and exported what, what was erased and why, what was done in the admin.

SELECT aspire_append_only('aspire_importrecord');
SELECT aspire_append_only('aspire_exportrecord');
SELECT aspire_append_only('aspire_erasure');
SELECT aspire_append_only('django_admin_log');
SELECT aspire_append_only('pghistory_context');
