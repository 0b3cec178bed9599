/** A JSON schema of a body, an object. */
interface BodySchema {
  readonly properties?: Readonly<Record<string, object>>;
}

/**
 * The forms of the body of a route that takes pictures, for the OpenAPI document: by content type.
 * @param body JSON schema of the body that all forms come to
 * @param fields of the pictures
 */
export function describePictures(body: BodySchema, fields: readonly string[]) {
  const bytes = { type: 'string', format: 'binary' };
  const text = { type: 'string', contentEncoding: 'base64' };
  const form = (picture: object, description: string) => {
    const pictures: Record<string, object> = {};
    for (const field of fields) pictures[field] = { ...picture, description };
    return { schema: { ...body, properties: { ...body.properties, ...pictures } } };
  };
  return {
    content: {
      'multipart/form-data': form(bytes, 'A picture file: JPEG, PNG, WebP, TIFF, GIF or AVIF.'),
      'application/json': form(text, 'A picture file in base64, or a data: URL of it.'),
      ...(fields.length === 1 && { 'image/*': { schema: bytes } }),
    },
  };
}
