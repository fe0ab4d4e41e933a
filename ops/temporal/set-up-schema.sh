#!/bin/sh
# Creates Temporal's two databases and brings their schemas to the version this image carries.
#
# Runs before every start and changes nothing when all is up to date: `create` accepts an existing database,
# `setup-schema -v 0.0` leaves a newer version alone, `update-schema` applies only the missing steps.
# SQL_PASSWORD is read by temporal-sql-tool itself, so the password is on no command line.
set -eu

: "${POSTGRES_SEEDS:?Set POSTGRES_SEEDS to the host name of the PostgreSQL server for Temporal.}"
: "${POSTGRES_USER:?Set POSTGRES_USER to the user that owns the databases of Temporal.}"
: "${SQL_PASSWORD:?Set SQL_PASSWORD to the password of that user.}"

schema=/etc/temporal/schema/postgresql/v12

bring_up_to_date() {
    database=$1
    steps=$2
    echo "Database $database: create, set up, update."
    for step in "create" "setup-schema -v 0.0" "update-schema -d $schema/$steps/versioned"; do
        # A step is a command and its options, hence unquoted.
        # shellcheck disable=SC2086
        temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" -p "${DB_PORT:-5432}" \
            -u "$POSTGRES_USER" --db "$database" $step
    done
}

bring_up_to_date temporal temporal
bring_up_to_date temporal_visibility visibility
echo "The schemas of Temporal are up to date."
