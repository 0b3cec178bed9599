import { describe, expect, it } from 'vitest';
import { faceQuery, repairQuery, recognizeQuery } from '../../../../src/server/compreface/options.js';

describe('a query of CompreFace', () => {
  it('has its defaults', () => {
    expect(recognizeQuery.parse({})).toEqual({
      limit: 0,
      det_prob_threshold: 0,
      face_plugins: '',
      status: false,
      detect_faces: true,
      prediction_count: 1,
    });
  });

  it.each([
    [{ limit: '-1' }],
    [{ limit: '1.5' }],
    [{ det_prob_threshold: '1.1' }],
    [{ det_prob_threshold: 'much' }],
    [{ status: 'perhaps' }],
    [{ prediction_count: '0' }],
    [{ prediction_count: '-2' }],
  ])('refuses %o', (query) => {
    expect(recognizeQuery.safeParse(query).success).toBe(false);
  });

  it('ignores what it does not know, as CompreFace does', () => {
    expect(faceQuery.parse({ margin: 'true', limit: '2' })).not.toHaveProperty('margin');
  });
});

it('leaves out options without a value, but not a subject', () => {
  const empty = { size: '', page: '', status: '', prediction_count: '', limit: '', detect_faces: '' };
  expect(repairQuery({ ...empty, subject: '' })).toEqual({ subject: '' });
  expect(repairQuery({ limit: '?status=true' })).toEqual({ status: 'true' });
});

describe('options joined by a second question mark', () => {
  it('are taken apart', () => {
    expect(repairQuery({ det_prob_threshold: '0.8?face_plugins=landmarks?status=true' })).toEqual({
      det_prob_threshold: '0.8',
      face_plugins: 'landmarks',
      status: 'true',
    });
    expect(repairQuery({ subject: 'Ann?det_prob_threshold=0.9' })).toEqual({
      subject: 'Ann',
      det_prob_threshold: '0.9',
    });
  });

  it('leave other question marks alone', () => {
    const query = { subject: 'Who?', page: '1', several: ['a?limit=1', 'b'] };
    expect(repairQuery(query)).toEqual(query);
    expect(repairQuery({ subject: 'Who?is=it' })).toEqual({ subject: 'Who?is=it' });
  });
});
