import { describe, expect, it } from 'vitest';
import { facesShown } from '../../../../../src/training/evaluation/report/findings.js';
import { galleryReport } from '../../../../../src/training/evaluation/report/gallery-report.js';
import { figuresOf, photo } from '../gallery.js';

const madeAt = new Date('2026-01-02T03:04:05Z');
const hostile = '</style><script>alert("x")</script>&\'';
const figures = figuresOf([
  photo(hostile, '"><img src=http://evil/x.png>', 0),
  photo(hostile, 'second', 0, 0.5),
  photo('山田 太郎', 'third', 0, 0.8),
]);
const faces = new Map(facesShown(figures).map((id) => [id, 'data:image/jpeg;base64,AAAA']));
const page = galleryReport(figures, faces, madeAt);

describe('galleryReport', () => {
  it('has no script and nothing from elsewhere, whatever people and photos are called', () => {
    expect(page).not.toMatch(/<script|<link|<iframe|@import|url\(/i);
    expect(page.match(/src="(?!data:)/g)).toBeNull();
    expect(page.match(/<\/style>/g)).toHaveLength(1);
    expect(page).toContain('&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62;&#38;&#39;');
    expect(page).toContain('山田 太郎');
    expect(page).toContain("default-src 'none'");
  });

  it('draws both plots with titles for those who cannot see them', () => {
    expect(page.match(/<svg /g)).toHaveLength(2);
    expect(page.match(/role="img" aria-labelledby="(histogram|curve)-title/g)).toHaveLength(2);
    expect(page).toMatch(
      /<desc id="histogram-text">Pairs of one person: 1, most often at 0\.45 to 0\.50; pairs of two people: 2,/,
    );
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  it('shows the faces of people who look alike', () => {
    const [alike] = figures.lookAlikes;
    expect(faces.has(alike!.pair.photos[0].faceId)).toBe(true);
    expect(faces.has(alike!.pair.photos[1].faceId)).toBe(true);
    expect(galleryReport(figures, new Map(), madeAt)).not.toContain('<img');
  });

  it('says what an empty gallery cannot tell', () => {
    const empty = galleryReport(figuresOf([]), new Map(), madeAt);
    expect(empty).toContain('The gallery is empty');
    expect(empty).toContain('not measurable');
    expect(empty).toContain('Too few photos to tell.');
    expect(empty).not.toContain('None found');
    expect(empty).not.toMatch(/<svg|NaN|Infinity|undefined/);
  });
});
