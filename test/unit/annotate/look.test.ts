import { it } from 'vitest';
import sharp from 'sharp';
import { LabelCache } from '../../../src/annotate/label-cache.js';
import { drawOverlay, prepareLabels, type FaceOverlay } from '../../../src/annotate/overlay.js';
import { encodeJpeg, resizeRgb } from '../../../src/annotate/encode.js';
const names=['José Ñandú Łukasz','Юлия Щербакова','Ελένη Παπαδοπούλου','محمد عبد الله','יוסף לוי','प्रिया श्रीवास्तव','สมชาย ใจดี','王小明 欧阳娜娜','佐藤さくら 高橋','김민준 이서연','Đặng Thị Hương','রহিম চৌধুরী','தமிழ்ச்செல்வன்','Ann 😀 👩‍🚀','კახა ქართველი','Հայկ Սարգսյան','<b>&amp; "x"</b>','Very long name of somebody who has many given names and more','ខ្មែរ','መሠረት ደፋር'];
it('look', async () => {
  const labels = new LabelCache({ fontsDir: '/tmp/look/fonts', onError: console.error });
  for (const [file,width] of [['two.png',0],['crowd.png',0],['crowd.png',640],['two.png',512]] as const) {
    const {data,info}=await sharp('/tmp/look/'+file).removeAlpha().raw().toBuffer({resolveWithObject:true});
    let image:any={width:info.width,height:info.height,data}; if(width) image=await resizeRgb(image,width);
    const s=image.width/640; const o:FaceOverlay[]=names.map((label,i)=>({label,tone:(['known','unknown','undecided'] as const)[i%3]!,dashed:i%4===3,box:{x:(10+(i%5)*130)*s,y:(20+Math.floor(i/5)*90)*s,width:40*s,height:50*s}}));
    const few:FaceOverlay[]=[{label:'Ann',tone:'known',box:{x:200*s,y:60*s,width:60*s,height:70*s}},{label:'Unknown',tone:'unknown',box:{x:240*s,y:62*s,width:60*s,height:70*s},dashed:true},{label:'Zoë Brontë-Müller',tone:'known',box:{x:-20*s,y:-10*s,width:80*s,height:90*s}},{label:'李小龙',tone:'undecided',box:{x:590*s,y:250*s,width:90*s,height:150*s}},{label:'Whole',tone:'known',box:{x:330*s,y:-10*s,width:200*s,height:400*s}}];
    for (const [n,ov] of [['names',o],['few',few]] as const){ const im={...image,data:image.data.slice()}; const t0=performance.now(); await prepareLabels(im.height,ov,labels); const t1=performance.now(); drawOverlay(im,ov,labels); console.log(file,width,n,'prepare',(t1-t0).toFixed(1),'draw',(performance.now()-t1).toFixed(2));
      await sharp(im.data,{raw:{width:im.width,height:im.height,channels:3}}).png().toFile(`/tmp/look/out-${file.replace('.png','')}-${im.width}-${n}.png`);
      let best=1e9; const N=200; const t2=performance.now(); for(let k=0;k<N;k++) drawOverlay(im,ov,labels); console.log('per face us',((performance.now()-t2)/N/ov.length*1000).toFixed(1)); 
      const t3=performance.now(); for(let k=0;k<10;k++) await encodeJpeg(im,{quality:80}); console.log('jpeg ms',((performance.now()-t3)/10).toFixed(1)); }
  }
},60000);
