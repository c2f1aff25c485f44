<?php
// Prints the page that WordPress makes of examples/widget/wordpress, with somebody signed in: php wordpress_stand_in.php <plugin> <host> <key>

[, $plugin, $host, $key] = $argv;
define('ABSPATH', __DIR__);
define('RELEVO_HOST', $host);
define('RELEVO_SITE', 'shop');
define('RELEVO_KEY', $key);

class WP_User
{
    public int $ID = 7;
    public string $display_name = 'Amina Noor';
    public string $user_email = 'amina@example.com';
}

$hooks = $scripts = [];
function add_action($name, $does) { $GLOBALS['hooks'][$name] = $does; }
function add_filter($name, $does, $priority, $given) { $GLOBALS['hooks'][$name] = $does; }
function is_user_logged_in() { return true; }
function wp_get_current_user() { return new WP_User(); }
function wp_json_encode($given) { return json_encode($given); }
function esc_attr($text) { return htmlspecialchars($text, ENT_QUOTES); }
function wp_enqueue_script($handle, $src, $needs, $version, $how) { $GLOBALS['scripts'][$handle] = ['src' => $src, 'before' => '']; }
function wp_add_inline_script($handle, $code, $where) { $GLOBALS['scripts'][$handle]['before'] .= $code; }

require $plugin;
$hooks['wp_enqueue_scripts']();
echo "<!doctype html>\n<html lang=\"en\"><head><title>A shop in WordPress</title></head><body><main><h1>A shop</h1></main>\n";
foreach ($scripts as $handle => ['src' => $src, 'before' => $before]) {
    // As WP_Scripts::do_item and get_inline_script_tag print it since WordPress 6.3.
    $tag = "<script src=\"$src\" id=\"$handle-js\" async data-wp-strategy=\"async\"></script>\n";
    echo $before ? "<script id=\"$handle-js-before\">\n$before\n</script>\n" : '', $hooks['script_loader_tag']($tag, $handle);
}
echo "</body></html>\n";
