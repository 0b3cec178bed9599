import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  cameraChangeSchema,
  cameraSettingsSchema,
  changedCamera,
  completeCamera,
} from '../../../src/config/camera.js';
import { cameraSchema, configSchema, type CameraStatement } from '../../../src/config/schema.js';

const all = { enabled: true, threshold: null, falseNameRate: null };

function camera(recognition?: unknown): CameraStatement {
  return { ...cameraSchema.parse({ url: 'test:', recognition }), id: 'door' };
}

describe('changedCamera', () => {
  const strict = { enabled: true, threshold: 0.8, falseNameRate: null };
  it.each([
    ['what is named only', strict, { falseNameRate: 1e-4 }, { ...strict, falseNameRate: 1e-4 }],
    ['back to what holds for all cameras', strict, { threshold: null }, all],
    ['off, and what was stated stays', strict, false, { ...strict, enabled: false }],
    ['on', { ...strict, enabled: false }, true, strict],
    ['nothing', strict, undefined, strict],
    ['nothing with an empty object', strict, {}, strict],
  ])('changes recognition: %s', (_, before, recognition, after) => {
    const change = cameraChangeSchema.parse(recognition === undefined ? {} : { recognition });
    expect(changedCamera(camera(before), change).recognition).toEqual(after);
  });
});

describe('the settings of a camera', () => {
  it('always give recognition as an object', () => {
    const settings = completeCamera(camera(false), configSchema.parse({}));
    expect(cameraSettingsSchema.parse(settings).recognition).toEqual({ ...all, enabled: false });
    expect(cameraSettingsSchema.safeParse({ ...settings, recognition: true }).success).toBe(false);
  });
});

describe('the analysis of a camera', () => {
  it.each([
    ['as for all cameras', {}, 10],
    ['its own', { fps: 5 }, 5],
  ])('is %s', (_, analysis, fps) => {
    const stated = { ...cameraSchema.parse({ url: 'test:', analysis }), id: 'door' };
    expect(completeCamera(stated, configSchema.parse({})).analysis).toEqual({ fps });
    const change = cameraChangeSchema.parse({ analysis: { fps: 12 } });
    expect(completeCamera(changedCamera(stated, change), configSchema.parse({})).analysis).toEqual({
      fps: 12,
    });
    expect(changedCamera(stated, cameraChangeSchema.parse({})).analysis).toEqual(stated.analysis);
  });
});

describe('the description of a camera', () => {
  it.each([
    ['a new one', cameraSchema],
    ['a change', cameraChangeSchema],
  ])('says of %s that a boolean will do', (_, schema) => {
    const { properties } = z.toJSONSchema(schema, { io: 'input' });
    expect(properties?.['recognition']).toMatchObject({
      anyOf: [{ type: 'boolean' }, { type: 'object', properties: { enabled: {}, threshold: {} } }],
    });
  });
});
