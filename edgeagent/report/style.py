"""The page's style sheet: light and dark, screen and paper. A string, so that the page is a single file."""

CSS = """
:root{color-scheme:light dark;--paper:#fbfbfa;--card:#fff;--ink:#15181d;--soft:#565d68;--faint:#6c747f;--rule:#dfe2e6;
--grid:#15181d14;--speaker:#2563c9;--mic:#56606e;--clean:#0b7f6f;--t0:#0b7f6f;--t1:#7446c4;--t2:#b3541e;
--duck:#c77800;--stop:#d0211c;--duckshade:#ffb02038;--shutshade:#d0211c14;--right:#137a3a;--name:9.5rem;--zoom:1}
@media (prefers-color-scheme:dark){:root{--paper:#12151a;--card:#191d24;--ink:#e9ecf1;--soft:#a9b1bd;--faint:#7f8894;
--rule:#2d333d;--grid:#ffffff14;--speaker:#6ea8ff;--mic:#aab4c2;--clean:#3fcbb4;--t0:#3fcbb4;--t1:#b795ff;--t2:#f0a070;
--duck:#ffb545;--stop:#ff6b62;--duckshade:#ffb02030;--shutshade:#ff6b6220;--right:#59d487}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.5rem 3rem;max-width:84rem;background:var(--paper);color:var(--ink);
font:15px/1.45 system-ui,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",sans-serif}
h1{font-size:1.7rem;line-height:1.2;margin:0;letter-spacing:-.01em}
h2{font-size:1.05rem;margin:2.2rem 0 .7rem}
header p{margin:.3rem 0 0;color:var(--soft)}
.n,.tick,.took,.level,dd,output{font-variant-numeric:tabular-nums}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:.75rem;margin:1.5rem 0 0}
.tiles div{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:.8rem 1rem}
dt{color:var(--soft);font-size:.82rem}
.tiles dd{margin:.1rem 0 0;font-size:1.55rem;font-weight:650;letter-spacing:-.02em;line-height:1.2}
.tiles .note{font-size:.78rem;font-weight:400;color:var(--soft);letter-spacing:0}
.bar{display:flex;flex-wrap:wrap;gap:.6rem 1.2rem;align-items:center;margin-bottom:.6rem}
.bar output{color:var(--soft);font-size:.85rem;min-height:1.3em;margin-left:auto}
.bar button{font:inherit;font-size:.85rem;color:var(--ink);background:var(--card);border:1px solid var(--rule);
padding:.25rem .7rem;cursor:pointer;margin-left:-1px}
.bar button:first-child{border-radius:7px 0 0 7px}.bar button:last-child{border-radius:0 7px 7px 0}
.bar button[aria-pressed=true]{background:var(--ink);color:var(--paper);border-color:var(--ink)}
.players{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:.6rem 1rem;margin:0 0 .9rem}
.players figure{margin:0}.players figcaption{font-size:.82rem;color:var(--soft);margin-bottom:.2rem}
audio{width:100%;height:34px;display:block}
.figure{overflow-x:auto;background:var(--card);border:1px solid var(--rule);border-radius:10px}
.figure:focus-visible,button:focus-visible,summary:focus-visible{outline:2px solid var(--speaker);outline-offset:2px}
.inner{position:relative;width:calc(var(--name) + (100% - var(--name))*var(--zoom));padding-bottom:.3rem}
.track{display:flex;border-top:1px solid var(--rule)}.track.scale{border-top:0}
.name{flex:0 0 var(--name);position:sticky;left:0;z-index:3;background:var(--card);padding:.35rem .5rem .35rem .9rem;
border-right:1px solid var(--rule);display:flex;flex-direction:column;justify-content:center;overflow:hidden}
.name b{font-size:.84rem;font-weight:600;line-height:1.2}.name span{font-size:.72rem;color:var(--soft)}
.plot{position:relative;flex:1;min-height:3rem;min-width:0;overflow:hidden}
.plot>*{position:absolute}
.scale .plot{min-height:1.7rem}
.tick{font-size:.74rem;color:var(--soft);top:.35rem;padding-left:.3rem;white-space:nowrap}
.wave .plot{min-height:5rem}.curves .plot{min-height:4.4rem}.person .plot{min-height:3.1rem}
.words .plot,.ribbon .plot,.ticks .plot{min-height:2.5rem}
.fine{visibility:hidden}.zoomed .fine{visibility:visible}
.span{top:.4rem;bottom:.4rem;color:#14181f;font-size:.76rem;line-height:1.7rem;text-align:center;white-space:nowrap;
container-type:inline-size;box-shadow:inset 0 0 0 1px #14181f40;border-radius:3px}
@container (max-width:4rem){.span span{display:none}}
.event{top:.3rem;height:1.25rem;border-radius:3px;font-size:.74rem;line-height:1.25rem;text-indent:.3rem;
white-space:nowrap;border-left:3px solid var(--soft);background:linear-gradient(var(--rule),var(--rule))}
.event.floor{border-color:var(--stop);background:var(--shutshade);font-weight:600}
.doubt{top:1.62rem;height:4px;background:var(--duck);border-radius:2px;min-width:2px}
.took{top:1.72rem;font-size:.74rem;font-weight:600;white-space:nowrap;padding-top:.12rem}
.utterance{top:.4rem;bottom:.4rem;font-size:.76rem;line-height:1.7rem;padding:0 .4rem;
overflow:hidden;white-space:nowrap;text-overflow:ellipsis;
background:color-mix(in srgb,var(--speaker) 13%,transparent);border-radius:3px}
.utterance.ghost{background:none;box-shadow:inset 0 0 0 1px var(--rule)}
.zoomed .timed>*{visibility:hidden}
.word{top:.4rem;font-size:.76rem;line-height:1.7rem;white-space:nowrap;overflow:hidden;text-indent:1px;
border-left:1px solid var(--rule)}
del,.unheard{color:var(--faint);text-decoration:line-through}
.shade{top:0;bottom:0}.shade.ducked{background:var(--duckshade)}.shade.shut{background:var(--shutshade)}
svg{left:0;top:0;width:100%;height:100%;display:block}
.peak{opacity:.38}.speaker path{fill:var(--speaker)}.microphone path{fill:var(--mic)}.clean path{fill:var(--clean)}
.curve{fill:none;stroke-width:1.3;stroke:currentColor;vector-effect:non-scaling-stroke}
.area{fill:currentColor;opacity:.16}.t0{color:var(--t0)}.t1{color:var(--t1)}.t2{color:var(--t2)}
.mark{stroke:var(--soft);stroke-dasharray:4 4;vector-effect:non-scaling-stroke}
.level{right:.3rem;font-size:.68rem;line-height:1;color:var(--soft);background:var(--card);padding:1px 3px;
transform:translateY(50%);border-radius:3px}
.entry{bottom:0;width:2px;margin-left:-1px;height:.55rem;background:var(--faint)}
.entry.tall{height:1.2rem;background:var(--ink)}
.entry:hover{background:var(--speaker);height:100%;width:4px}
.over{position:absolute;left:var(--name);right:0;top:0;bottom:0;pointer-events:none;overflow:hidden}
.over i{position:absolute;top:0;bottom:0;width:0}
.grid{border-left:1px solid var(--grid)}.line{border-left:1px solid}
.line.onset{border-color:var(--soft);border-left-style:dotted}.line.duck{border-color:var(--duck)}
.line.stop{border-color:var(--stop);border-left-width:1.5px}.line.on{border-color:var(--duck);border-left-style:dashed}
.cursor{border-left:2px solid var(--ink);display:none;z-index:2}
.hair{border-left:1px solid var(--soft);display:none}
.lamps,.keys{list-style:none;margin:.6rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;font-size:.8rem;
color:var(--soft)}
.lamps i{display:inline-block;width:.8rem;height:.8rem;border-radius:3px;margin-right:.35rem;vertical-align:-1px;
box-shadow:inset 0 0 0 1px #14181f60}
.keys i{display:inline-block;height:.9rem;margin-right:.4rem;vertical-align:-2px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.88rem}
caption{caption-side:bottom;text-align:left;color:var(--soft);font-size:.8rem;padding-top:.4rem}
th{text-align:left;font-weight:600;color:var(--soft);font-size:.8rem}
th,td{padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--rule);vertical-align:baseline}
.reactions td:nth-child(6),.reactions th:nth-child(6){padding-left:1.2rem}
td.n,.reactions th:nth-child(n+3):nth-child(-n+5){text-align:right}
.reactions td:first-child{text-align:left;white-space:nowrap}.reactions td:nth-child(7){text-align:left}
.kind{color:var(--soft);font-size:.82rem}
.right{color:var(--right);font-weight:700}.wrong{color:var(--stop);font-weight:700}
.transcript{list-style:none;margin:0;padding:0}
.transcript li{display:grid;grid-template-columns:5rem 1fr 7.5rem;gap:1rem;padding:.4rem 0;
border-bottom:1px solid var(--rule)}
.transcript p{margin:0;max-width:70ch}.transcript .n{color:var(--soft);font-size:.84rem}
.transcript .n:last-child{text-align:right}
details{margin-top:2rem}summary{cursor:pointer;font-weight:600}
.journal{font:12px/1.35 ui-monospace,"DejaVu Sans Mono",monospace;margin-top:.6rem}
.journal td.n{text-align:right}.journal td,.journal th{padding:.15rem .9rem .15rem 0}
.journal td:last-child{overflow-wrap:anywhere;width:99%}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.4rem 1.5rem;margin:2rem 0 0;
font-size:.82rem}
.facts dd{margin:0;overflow-wrap:anywhere}
@media print{:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--faint:#777;--rule:#ccc;
--grid:#00000014;--speaker:#2563c9;--mic:#56606e;--clean:#0b7f6f;--t0:#0b7f6f;--t1:#7446c4;--t2:#b3541e;--duck:#c77800;
--stop:#d0211c;--zoom:1!important}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}body{padding:0;max-width:none;font-size:11px}
.bar,.players,details{display:none}.figure,.tiles div,table,.transcript li{break-inside:avoid}.figure{overflow:visible}
.inner{width:100%}h2{break-after:avoid}.tiles{grid-template-columns:repeat(6,1fr);gap:.4rem}.tiles div{padding:.5rem}
.tiles dd{font-size:1.25rem}}
@page{size:A4;margin:12mm}
"""
