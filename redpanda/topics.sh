#!/bin/sh
# Written by: streams topics export --format rpk. Change streams/topics.py, then write it anew.
set -eu
rpk topic create md.trades --if-not-exists \
    -p 8 -r 1 -c cleanup.policy=delete -c retention.ms=900000 -c segment.ms=180000 -c max.message.bytes=4194304 -c message.timestamp.type=LogAppendTime
rpk topic alter-config md.trades --set cleanup.policy=delete --set retention.ms=900000 --set segment.ms=180000 --set max.message.bytes=4194304 --set message.timestamp.type=LogAppendTime
rpk topic create md.quotes --if-not-exists \
    -p 8 -r 1 -c cleanup.policy=delete -c retention.ms=300000 -c segment.ms=60000 -c max.message.bytes=4194304 -c message.timestamp.type=LogAppendTime
rpk topic alter-config md.quotes --set cleanup.policy=delete --set retention.ms=300000 --set segment.ms=60000 --set max.message.bytes=4194304 --set message.timestamp.type=LogAppendTime
rpk topic create md.aggregates --if-not-exists \
    -p 8 -r 1 -c cleanup.policy=delete -c retention.ms=900000 -c segment.ms=180000 -c max.message.bytes=4194304 -c message.timestamp.type=LogAppendTime
rpk topic alter-config md.aggregates --set cleanup.policy=delete --set retention.ms=900000 --set segment.ms=180000 --set max.message.bytes=4194304 --set message.timestamp.type=LogAppendTime
rpk topic create md.halts --if-not-exists \
    -p 8 -r 1 -c cleanup.policy=delete -c retention.ms=86400000 -c segment.ms=600000 -c max.message.bytes=4194304 -c message.timestamp.type=LogAppendTime
rpk topic alter-config md.halts --set cleanup.policy=delete --set retention.ms=86400000 --set segment.ms=600000 --set max.message.bytes=4194304 --set message.timestamp.type=LogAppendTime
rpk topic create md.news --if-not-exists \
    -p 8 -r 1 -c cleanup.policy=delete -c retention.ms=86400000 -c segment.ms=600000 -c max.message.bytes=4194304 -c message.timestamp.type=LogAppendTime
rpk topic alter-config md.news --set cleanup.policy=delete --set retention.ms=86400000 --set segment.ms=600000 --set max.message.bytes=4194304 --set message.timestamp.type=LogAppendTime
rpk topic create md.unknown --if-not-exists \
    -p 8 -r 1 -c cleanup.policy=delete -c retention.ms=3600000 -c segment.ms=600000 -c max.message.bytes=4194304 -c message.timestamp.type=LogAppendTime
rpk topic alter-config md.unknown --set cleanup.policy=delete --set retention.ms=3600000 --set segment.ms=600000 --set max.message.bytes=4194304 --set message.timestamp.type=LogAppendTime
rpk topic create md.volume-curves --if-not-exists \
    -p 8 -r 1 -c cleanup.policy=compact -c retention.ms=-1 -c segment.ms=600000 -c max.message.bytes=4194304
rpk topic alter-config md.volume-curves --set cleanup.policy=compact --set retention.ms=-1 --set segment.ms=600000 --set max.message.bytes=4194304
rpk topic create md.reference --if-not-exists \
    -p 8 -r 1 -c cleanup.policy=compact -c retention.ms=-1 -c segment.ms=600000 -c max.message.bytes=4194304
rpk topic alter-config md.reference --set cleanup.policy=compact --set retention.ms=-1 --set segment.ms=600000 --set max.message.bytes=4194304
rpk topic create md.alerts --if-not-exists \
    -p 8 -r 1 -c cleanup.policy=delete -c retention.ms=86400000 -c segment.ms=600000 -c max.message.bytes=4194304 -c message.timestamp.type=LogAppendTime
rpk topic alter-config md.alerts --set cleanup.policy=delete --set retention.ms=86400000 --set segment.ms=600000 --set max.message.bytes=4194304 --set message.timestamp.type=LogAppendTime
rpk topic create md.screeners --if-not-exists \
    -p 1 -r 1 -c cleanup.policy=compact -c retention.ms=-1 -c segment.ms=600000 -c max.message.bytes=4194304
rpk topic alter-config md.screeners --set cleanup.policy=compact --set retention.ms=-1 --set segment.ms=600000 --set max.message.bytes=4194304
rpk topic create md.scanner-partials --if-not-exists \
    -p 1 -r 1 -c cleanup.policy=delete -c retention.ms=900000 -c segment.ms=180000 -c max.message.bytes=4194304 -c message.timestamp.type=LogAppendTime
rpk topic alter-config md.scanner-partials --set cleanup.policy=delete --set retention.ms=900000 --set segment.ms=180000 --set max.message.bytes=4194304 --set message.timestamp.type=LogAppendTime
rpk topic create md.trades-partials --if-not-exists \
    -p 1 -r 1 -c cleanup.policy=delete -c retention.ms=900000 -c segment.ms=180000 -c max.message.bytes=4194304 -c message.timestamp.type=LogAppendTime
rpk topic alter-config md.trades-partials --set cleanup.policy=delete --set retention.ms=900000 --set segment.ms=180000 --set max.message.bytes=4194304 --set message.timestamp.type=LogAppendTime
rpk topic create md.halts-partials --if-not-exists \
    -p 1 -r 1 -c cleanup.policy=delete -c retention.ms=900000 -c segment.ms=180000 -c max.message.bytes=4194304 -c message.timestamp.type=LogAppendTime
rpk topic alter-config md.halts-partials --set cleanup.policy=delete --set retention.ms=900000 --set segment.ms=180000 --set max.message.bytes=4194304 --set message.timestamp.type=LogAppendTime
rpk topic create md.news-filed --if-not-exists \
    -p 1 -r 1 -c cleanup.policy=delete -c retention.ms=86400000 -c segment.ms=600000 -c max.message.bytes=4194304 -c message.timestamp.type=LogAppendTime
rpk topic alter-config md.news-filed --set cleanup.policy=delete --set retention.ms=86400000 --set segment.ms=600000 --set max.message.bytes=4194304 --set message.timestamp.type=LogAppendTime
