#!/bin/sh
# Creates the namespace the workers use, once the Temporal service answers; an existing one is left as it is.
#
# HISTORY_RETENTION is how long the history of an ended workflow is kept. The audit trail does not depend on
# it: that lives in the application's database.
set -eu

: "${TEMPORAL_ADDRESS:?Set TEMPORAL_ADDRESS to host:port of the Temporal service.}"
: "${TEMPORAL_NAMESPACE:?Set TEMPORAL_NAMESPACE to the name of the namespace.}"
attempts=${ATTEMPTS:-60}
pause=${PAUSE_SECONDS:-2}

namespace_exists() {
    temporal operator namespace describe --address "$TEMPORAL_ADDRESS" --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1
}

attempt=1
until temporal operator cluster health --address "$TEMPORAL_ADDRESS" >/dev/null 2>&1; do
    if [ "$attempt" -ge "$attempts" ]; then
        echo "Temporal at $TEMPORAL_ADDRESS did not answer after $attempts attempts. See its log: docker compose logs temporal" >&2
        exit 1
    fi
    attempt=$((attempt + 1))
    sleep "$pause"
done

if namespace_exists; then
    echo "Namespace $TEMPORAL_NAMESPACE exists."
    exit 0
fi
temporal operator namespace create --address "$TEMPORAL_ADDRESS" --namespace "$TEMPORAL_NAMESPACE" \
    --retention "${HISTORY_RETENTION:-30d}"

# A new namespace is known to every part of the service after its next cache refresh, some seconds later.
until namespace_exists; do
    if [ "$attempt" -ge "$attempts" ]; then
        echo "Namespace $TEMPORAL_NAMESPACE was created but does not appear. See: docker compose logs temporal" >&2
        exit 1
    fi
    attempt=$((attempt + 1))
    sleep "$pause"
done
echo "Namespace $TEMPORAL_NAMESPACE is ready; histories are kept for ${HISTORY_RETENTION:-30d} after they end."
