export const PANEL_TABS = ['details', 'comments', 'history', 'notes'] as const;
export type PanelTab = (typeof PANEL_TABS)[number];

/** The panel at the right: which of its tabs is chosen, and whether it lies over the thread where there is no room. */
export class Panel {
  tab: PanelTab = $state('details');
  over = $state(false);

  show(tab: PanelTab): void {
    this.tab = tab;
    this.over = true;
  }
}
