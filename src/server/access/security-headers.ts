const policy: Readonly<Record<string, string>> = {
  'default-src': "'self'",
  'img-src': "'self' blob: data:",
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'self'",
  'frame-ancestors': "'none'",
};

/** The page's content security policy, with some directives replaced where another page needs it. */
export function contentSecurityPolicy(over: Readonly<Record<string, string>> = {}): string {
  return Object.entries({ ...policy, ...over })
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join('; ');
}

/**
 * Headers of every answer: the page loads nothing from elsewhere, no other page may frame it or embed its pictures, and
 * nothing is cached except the page's own files, which set their own header.
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
