<?php
/**
 * Plugin Name: Relevo chat
 * Description: The chat on every page. In wp-config.php: RELEVO_HOST, RELEVO_SITE, and RELEVO_KEY to sign in who is signed in here.
 * License: Apache-2.0
 */

defined('ABSPATH') || exit;

add_action('wp_enqueue_scripts', function () {
    if (!defined('RELEVO_HOST')) {
        return;
    }
    wp_enqueue_script('relevo-chat', RELEVO_HOST . '/widget/v1/widget.js', [], null, ['strategy' => 'async', 'in_footer' => true]);
    if (defined('RELEVO_KEY') && is_user_logged_in()) {
        $jwt = relevo_identity(wp_get_current_user());
        wp_add_inline_script('relevo-chat', '(window.Relevo ??= []).push(["identify", ' . wp_json_encode($jwt) . ']);', 'before');
    }
});

add_filter('script_loader_tag', function ($tag, $handle) {
    $site = defined('RELEVO_SITE') ? RELEVO_SITE : 'default';
    return $handle === 'relevo-chat' ? str_replace(' src=', ' data-site="' . esc_attr($site) . '" src=', $tag) : $tag;
}, 10, 2);

/** `sub` is how your business adapter knows them: make it a reference that it has. Five minutes are enough to be signed in with; the page is made anew with each visit. Keep such pages out of shared caches. */
function relevo_identity(WP_User $user): string
{
    $part = fn(array $given) => rtrim(strtr(base64_encode(wp_json_encode($given)), '+/', '-_'), '=');
    $claims = ['sub' => 'wp-' . $user->ID, 'aud' => defined('RELEVO_SITE') ? RELEVO_SITE : 'default', 'iat' => time(), 'exp' => time() + 300,
        'name' => $user->display_name, 'email' => $user->user_email];
    $signed = $part(['alg' => 'HS256', 'typ' => 'JWT']) . '.' . $part($claims);
    return $signed . '.' . rtrim(strtr(base64_encode(hash_hmac('sha256', $signed, RELEVO_KEY, true)), '+/', '-_'), '=');
}
