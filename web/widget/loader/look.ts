/** The launcher's style. Every `:host` declaration is `!important`: of two important rules the inner one wins over the page's. */
import { inkOn } from '../bridge';

const ACCENT = '#1f5fd6';

export function sheetText(color: string, left: boolean): string {
  const fill = color || ACCENT;
  const side = left ? 'left' : 'right';
  return `:host{all:initial!important;display:block!important;position:fixed!important;z-index:2147483000!important;direction:ltr!important;color-scheme:light dark!important}
*{box-sizing:border-box}[hidden]{display:none!important}
button{position:fixed;bottom:20px;${side}:20px;width:56px;height:56px;padding:0;border:0;border-radius:50%;background:${fill};color:${inkOn(fill)};box-shadow:0 4px 20px rgb(16 24 40/.3);cursor:pointer;transition:.12s}
button:hover{transform:scale(1.05)}
button:focus-visible{outline:3px solid ${fill};outline-offset:3px;box-shadow:0 0 0 3px #fff}
svg{position:absolute;inset:15px;width:26px;height:26px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round}
b{position:absolute;top:-4px;${side}:-4px;min-width:22px;height:22px;padding:0 6px;border:2px solid #fff;border-radius:11px;background:#c92a2a;color:#fff;font:600 12px/18px system-ui,sans-serif;text-align:center}
div{position:fixed;bottom:88px;${side}:20px;width:384px;height:min(660px,calc(100% - 108px));border-radius:16px;overflow:hidden;background:Canvas;box-shadow:0 8px 40px rgb(16 24 40/.3);transition:.16s}
div[inert]{opacity:0;visibility:hidden;transform:translateY(12px)}
p{position:fixed;bottom:88px;${side}:20px;max-width:280px;margin:0;padding:12px 36px 12px 16px;border-radius:14px;background:Canvas;color:CanvasText;font:15px/1.4 system-ui,sans-serif;box-shadow:0 4px 20px rgb(16 24 40/.3);cursor:pointer;overflow-wrap:anywhere}
p button{position:absolute;inset:2px 2px auto auto;width:32px;height:32px;background:0;color:inherit;box-shadow:none;font-size:18px}
iframe{display:block;width:100%;height:100%;border:0;color-scheme:normal}
@media(max-width:480px),(max-height:440px){div{inset:0;width:100%;height:100%;border-radius:0}.open{visibility:hidden}}
@media(prefers-reduced-motion:reduce){*{transition:none!important}}
@media print{:host{display:none!important}}`;
}
