import { it } from 'vitest';
import { LabelCache } from '../../../src/annotate/label-cache.js';
import { drawOverlay, prepareLabels, type FaceOverlay } from '../../../src/annotate/overlay.js';
it('cost', async () => {
  const labels = new LabelCache({ fontsDir: '/tmp/look/fonts', onError: console.error });
  for (const [w,h] of [[1920,1080],[640,360]] as const) for (const n of [1,5,20]) { const s=w/1920;
  const image={width:w,height:h,data:new Uint8Array(w*h*3)};
  const o:FaceOverlay[]=Array.from({length:n},(_,i)=>({label:'Ann Example '+i,tone:'known',box:{x:(20+(i%7)*260)*s,y:(60+Math.floor(i/7)*300)*s,width:200*s,height:240*s}}));
  await prepareLabels(h,o,labels);
  for(let k=0;k<200;k++)drawOverlay(image,o,labels);
  const ts:number[]=[];for(let k=0;k<300;k++){const t=performance.now();drawOverlay(image,o,labels);ts.push(performance.now()-t)}ts.sort((a,b)=>a-b);
  console.log(w,n,'faces: median us/face',(ts[150]!*1000/n).toFixed(1),'p95',(ts[285]!*1000/n).toFixed(1),'per frame ms',ts[150]!.toFixed(2)); }
},60000);
