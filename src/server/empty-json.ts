import type { Api } from './api.js';

/** Has the routes of a scope take clients that say they send JSON where they send nothing, as some do with DELETE. */
export function takeEmptyJson(scope: Api): void {
  const parse = scope.getDefaultJsonParser('error', 'error');
  scope.removeContentTypeParser('application/json');
  scope.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body, done);
  });
}
