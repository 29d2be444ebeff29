<?php

declare(strict_types=1);

/** How often this page was asked for, by redis's count; null where redis does not answer. */
function visits(): ?int
{
    try {
        $redis = new Redis();
        // Kept open: a connection for each request would use up the ports of a busy replica.
        $redis->pconnect(getenv('REDIS_HOST') ?: 'redis', (int) (getenv('REDIS_PORT') ?: 6379), 0.5);
        return $redis->incr('visits');
    } catch (RedisException) {
        return null;
    }
}

/** How many requests memcached counted in this minute; null where memcached does not answer. */
function visits_this_minute(): ?int
{
    $memcached = new Memcached('staging');
    if (!$memcached->getServerList()) {
        $memcached->setOption(Memcached::OPT_BINARY_PROTOCOL, true);
        $memcached->setOption(Memcached::OPT_CONNECT_TIMEOUT, 500);
        $memcached->addServer(getenv('MEMCACHED_HOST') ?: 'memcached', 11211);
    }
    $count = $memcached->increment('minute-' . date('YmdHi'), 1, 1, 120);
    return $count === false ? null : $count;
}
