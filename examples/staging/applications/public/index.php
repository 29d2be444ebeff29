<?php

declare(strict_types=1);

require '/var/www/applications1/stores.php';

/** The version that an image or a code container was built with. */
function version_in(string $file): string
{
    return trim((string) @file_get_contents($file)) ?: 'unknown';
}

/** What this page is for: who answered, with which code, in which image. */
function who_answers(): array
{
    return [
        'image' => getenv('IMAGE_VERSION') ?: 'unknown',
        'code' => version_in('/var/www/applications/VERSION'),
        'code1' => version_in('/var/www/applications1/VERSION'),
        'container' => gethostname(),
    ];
}

/** The same as a page for people. */
function page(array $facts): string
{
    $rows = '';
    foreach ($facts as $name => $value) {
        $rows .= sprintf("<tr><th>%s<td>%s\n", $name, htmlspecialchars((string) ($value ?? '-')));
    }
    return "<!doctype html><title>staging</title>\n"
        . '<style>body{font:1.2rem system-ui;margin:3rem}th{text-align:left;padding-right:2rem}</style>'
        . "\n<h1>staging</h1>\n<table>\n{$rows}</table>\n";
}

function answer_with(array $facts): void
{
    foreach (['image', 'code', 'container'] as $name) {
        header("X-{$name}: {$facts[$name]}");
    }
    if (str_contains($_SERVER['HTTP_ACCEPT'] ?? '', 'text/html')) {
        header('Content-Type: text/html; charset=utf-8');
        echo page($facts);
        return;
    }
    header('Content-Type: application/json');
    echo json_encode($facts), "\n";
}

/** `/slow?s=3` takes that many seconds; a POST to `/post` gets back what it sent. */
match (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
    '/slow' => usleep((int) (1_000_000 * min(60, max(0, (float) ($_GET['s'] ?? 3))))),
    default => null,
};

if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $body = file_get_contents('php://input');
    answer_with(who_answers() + ['bytes' => strlen($body), 'body' => $body]);
} else {
    answer_with(who_answers() + ['visits' => visits(), 'this minute' => visits_this_minute()]);
}
