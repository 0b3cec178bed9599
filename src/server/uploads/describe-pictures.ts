/** A JSON schema of a body, an object. */
interface BodySchema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
}

/**
 * The forms of the body of a route that takes pictures, for the OpenAPI document: by content type.
 * @param body JSON schema of the body that all forms come to
 * @param fields of the pictures
 */
export function describePictures(body: BodySchema, fields: readonly string[]) {
  const bytes = { type: 'string', format: 'binary' };
  const text = { type: 'string', contentEncoding: 'base64' };
  const form = (of: BodySchema, picture: object, description: string) => {
    const pictures: Record<string, object> = {};
    for (const field of fields) pictures[field] = { ...picture, description };
    return { schema: { ...of, properties: { ...of.properties, ...pictures } } };
  };
  return {
    content: {
      'multipart/form-data': form(
        withPictures(body, fields),
        bytes,
        'A picture file: JPEG, PNG, WebP, TIFF, GIF or AVIF.',
      ),
      'application/json': form(body, text, 'A picture file in base64, or a data: URL of it.'),
      ...(fields.length === 1 && { 'image/*': { schema: bytes } }),
    },
  };
}

/** The body without what may come in place of pictures: it is for JSON, and a page would send it along with them. */
function withPictures(body: BodySchema, fields: readonly string[]): BodySchema {
  const { properties = {}, required = [] } = body;
  const kept = Object.entries(properties).filter(
    ([name, schema]) => required.includes(name) || 'default' in schema,
  );
  return { ...body, properties: Object.fromEntries(kept), required: [...new Set([...required, ...fields])] };
}
