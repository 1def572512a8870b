export const PANEL_TABS = ['details', 'visitor', 'comments', 'history', 'notes', 'block'] as const;
export type PanelTab = (typeof PANEL_TABS)[number];

/** The panel at the right: which of its tabs is chosen, and whether it lies over the thread where there is no room. */
export class Panel {
  tab: PanelTab = $state('details');
  over = $state(false);
  /** The box for a comment is open. */
  writing = $state(false);

  /** To the comments, to write one. */
  comment(): void {
    this.tab = 'comments';
    this.over = true;
    this.writing = true;
  }
}
