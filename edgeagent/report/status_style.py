"""Style sheet of the status page: light and dark, from a phone to a desk."""

from edgeagent.report.status_page import lamps

CSS = (
    """
:root{color-scheme:light dark;--paper:#f6f6f4;--card:#fff;--ink:#15181d;--soft:#565d68;--rule:#dfe2e6;--bar:#2563c9;
--bad:#b3261e;--good:#137a3a;--warn:#9a5b00;--well:#e9ebee}
@media (prefers-color-scheme:dark){:root{--paper:#12151a;--card:#191d24;--ink:#e9ecf1;--soft:#a9b1bd;--rule:#2d333d;
--bar:#6ea8ff;--bad:#ff8d85;--good:#59d487;--warn:#ffbe55;--well:#262c35}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.2rem 1rem 3rem;max-width:62rem;background:var(--paper);color:var(--ink);
font:16px/1.45 system-ui,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",sans-serif;-webkit-text-size-adjust:100%}
header{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:baseline;justify-content:space-between;
margin:0 .2rem .8rem}
h1{font-size:1.25rem;margin:0;letter-spacing:-.01em}header p{margin:0;color:var(--soft);font-size:.85rem}
h2{font-size:.8rem;margin:0 0 .6rem;color:var(--soft);font-weight:600;letter-spacing:.02em}
section,canvas{background:var(--card);border:1px solid var(--rule);border-radius:14px}
section{padding:1rem 1.1rem;margin:0 0 .8rem;min-width:0}
[hidden]{display:none!important}
.hero{display:flex;gap:1.2rem;align-items:center;padding:1.3rem 1.2rem}
.hero strong{font-size:1.7rem;line-height:1.15;letter-spacing:-.02em;display:block}.hero p{margin:.15rem 0 0}
.hero p:empty{display:none}
.soft{color:var(--soft);font-size:.9rem}.bad{color:var(--bad);font-weight:600}
.lamp{--fill:#d0d0d0;flex:0 0 4.6rem;height:4.6rem;border-radius:50%;
background:radial-gradient(circle at 35% 30%,#ffffffc0,transparent 45%),var(--fill);
box-shadow:0 0 0 1px #14181f30,0 0 1.6rem var(--fill);transition:background-color .15s,box-shadow .15s}
.lamp.starting,.lamp.yielding{animation:blink 1s steps(1) infinite}
.lamp.muted,.lamp.mic_lost,.lamp.faulty{animation:blink 2.4s steps(1) infinite}
@keyframes blink{50%{opacity:.35}}
@media (prefers-reduced-motion:reduce){.lamp{animation:none!important}}
.away{background:var(--bad);color:var(--card);margin:0 0 .8rem;padding:.6rem 1.1rem;border-radius:14px;font-weight:600}
.old main{opacity:.55}
canvas{display:block;width:100%;height:7rem;margin:0 0 .8rem}
.groups{display:grid;grid-template-columns:repeat(auto-fit,minmax(13.5rem,1fr));gap:.8rem;margin:0 0 .8rem}
.groups section{margin:0}
dl{display:grid;grid-template-columns:1fr auto;gap:.35rem .8rem;margin:0;font-size:.92rem}
dt{color:var(--soft)}dd{margin:0;text-align:right;font-variant-numeric:tabular-nums;font-weight:600}
.meter{grid-column:1/-1;height:.5rem;border-radius:.25rem;background:var(--well);overflow:hidden;margin:-.1rem 0 .3rem}
.meter svg{display:block;width:100%;height:100%}.meter rect{fill:var(--bar);transition:width .18s linear}
ol{list-style:none;margin:0;padding:0;max-height:24rem;overflow-y:auto}
.lately li{display:flex;gap:.9rem;padding:.5rem 0 .5rem .7rem;border-left:3px solid var(--rule);margin:.2rem 0}
.lately time{flex:0 0 4.6rem;color:var(--soft);font-size:.85rem;line-height:1.65;font-variant-numeric:tabular-nums}
.lately p{margin:0}.lately div{min-width:0;flex:1;overflow-wrap:anywhere}
.lately .sound{border-color:var(--bar)}.lately .stop{border-color:#4fc9da}.lately .hold{border-color:#93d6a4}
.lately .undone{border-color:#ffbe55}
.lately .trouble{border-color:var(--bad)}.lately .trouble b{font-weight:500}
audio{width:100%;max-width:24rem;height:36px;display:block;margin-top:.3rem}
button{font:inherit;font-weight:600;padding:.55rem 1.1rem;border-radius:9px;border:1px solid var(--rule);cursor:pointer;
background:var(--ink);color:var(--card)}
button:disabled{opacity:.5;cursor:default}
button:focus-visible,input:focus-visible,ol:focus-visible{outline:3px solid var(--bar);outline-offset:2px}
#findings{margin-top:.8rem}#findings p{margin:.5rem 0 0}
table{border-collapse:collapse;width:100%;font-size:.9rem}
td{padding:.4rem .7rem .4rem 0;border-top:1px solid var(--rule);vertical-align:baseline;overflow-wrap:anywhere}
.grade{font-weight:700;width:3rem}.grade.ok{color:var(--good)}.grade.warn{color:var(--warn)}.grade.fail{color:var(--bad)}
.topic{width:8rem;color:var(--soft)}td code{display:block;margin-top:.15rem}
code,pre{font:13px/1.5 ui-monospace,"DejaVu Sans Mono",monospace}
pre{background:var(--well);padding:.7rem .9rem;border-radius:9px;overflow-x:auto;margin:.6rem 0 0}
section>p{margin:0}
h3{font-size:.9rem;margin:1rem 0 .3rem}#calibration p{margin:.2rem 0 .6rem}#calibration form{margin:.8rem 0 0}
#calibration .topic{width:11rem;white-space:nowrap}#calibration ul{margin:0;padding-left:1.2rem}.urgent{font-weight:600}
#calibration label{margin-left:.8rem;font-size:.9rem;white-space:nowrap}.kept{color:var(--good);font-weight:600}
.steps{max-height:12rem;font-size:.9rem;color:var(--soft)}.steps li:last-child{color:var(--ink);font-weight:600}
.login main{max-width:24rem;margin:15vh auto 0;background:var(--card);border:1px solid var(--rule);border-radius:14px;
padding:1.4rem}
.login label{display:block;margin:.8rem 0}.login input{font:inherit;width:100%;padding:.5rem;border-radius:9px;
border:1px solid var(--rule);background:var(--paper);color:var(--ink)}
@media (max-width:30rem){.topic{display:block;width:auto;border:0;padding-bottom:0}
#findings td:last-child{display:block;border:0;padding-top:0}.grade{width:2.6rem}.lately li{display:block}
.lamp{flex-basis:3.6rem;height:3.6rem}.hero strong{font-size:1.35rem}}
"""
    + lamps()
    + "\n"
)
