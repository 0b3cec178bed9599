import { describe, expect, it } from 'vitest';
import { normalisePersonName } from '../../../../src/recognition/enrolment/person-name.js';

describe('normalisePersonName', () => {
  it.each([
    'Ana',
    'Jean-Luc O’Neill',
    '李雷',
    'محمد',
    'עדה',
    'Ольга',
    'नेहा',
    'می‌خواهم',
    'R2-D2',
    'Unknown Pleasures',
    '👩‍🚀',
  ])('takes %s', (name) => {
    expect(normalisePersonName(name)).toBe(name);
  });

  it('makes names that look the same the same', () => {
    expect(normalisePersonName('  Jose\u0301 \u00A0 Luis ')).toBe('Jos\u00E9 Luis');
  });

  it.each([
    ['nothing', ''],
    ['blanks', ' \u00A0\u3000 '],
    ['a line break', 'Ana\nBen'],
    ['a control character', 'Ana\u0000'],
    ['a mark that turns the reading direction', 'Ana\u202Enimda'],
    ['only joiners', '\u200D\u200D'],
    ['what strangers are called', 'unknown'],
    ['the same in another case', ' UnKnown '],
    ['the same with a mark that cannot be seen', 'un\u200Bknown'],
    ['what one stranger is called', 'Unknown 3'],
    ['half a character', 'Ana\uD800'],
    ['101 characters', 'x'.repeat(101)],
    ['more marks than can be put in order soon', `a${'\u0300\u0316'.repeat(500_000)}`],
  ])('refuses %s', (_, name) => {
    expect(() => normalisePersonName(name)).toThrow(expect.objectContaining({ code: 'PERSON_NAME_INVALID' }));
  });

  it('counts characters, not UTF-16 units', () => {
    expect(normalisePersonName('𠮷'.repeat(100))).toHaveLength(200);
  });
});
