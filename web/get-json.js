/** The JSON at an address; throws an Error with the server's explanation, and its `status`, when there is none. */
export async function getJson(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' } });
  const body = await response.json();
  if (response.ok) return body;
  throw Object.assign(new Error(`${body.detail} ${body.remedy}`), { status: response.status });
}
