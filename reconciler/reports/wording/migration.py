"""The words for the result of a migration."""

from reconciler.migration.model import Migration, counts


def migration_summary(migration: Migration) -> str:
    """Return one sentence with the number of objects and of fields."""
    valid = sum(one.is_valid for one in migration.migrated)
    total = len(migration.migrated)
    objects = f"{valid} of {total}" if valid != total else f"{total}"
    found = counts(migration)
    fields = f"fields: {found['mapped']} as they were, {found['changed']} with a change, {found['lost']} lost"
    return f"{objects} {'object' if total == 1 else 'objects'} to target {migration.target}; {fields}."
