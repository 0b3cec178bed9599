const policy: Readonly<Record<string, string>> = {
  'default-src': "'self'",
  'img-src': "'self' blob: data:",
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'self'",
  'frame-ancestors': "'none'",
};

/** The content security policy of the page, with other directives where a page needs them. */
export function contentSecurityPolicy(over: Readonly<Record<string, string>> = {}): string {
  return Object.entries({ ...policy, ...over })
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join('; ');
}

/**
 * Sent with every answer: the page loads nothing from elsewhere, nobody frames it or embeds its pictures, and nothing
 * stays in a cache but the files of the page, which say so themselves.
 */
export const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': contentSecurityPolicy(),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;
