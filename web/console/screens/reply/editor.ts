/**
 * The formatting editor (TipTap), loaded after the first screen. Its styles come as a file beside it,
 * not injected (`style-src 'self'`); content goes in as its own JSON, never as HTML, so nothing is parsed here.
 */
import './editor.css';
import { Editor, Extension, type JSONContent } from '@tiptap/core';
import { Blockquote } from '@tiptap/extension-blockquote';
import { Bold } from '@tiptap/extension-bold';
import { Code } from '@tiptap/extension-code';
import { CodeBlock } from '@tiptap/extension-code-block';
import { Document } from '@tiptap/extension-document';
import { HardBreak } from '@tiptap/extension-hard-break';
import { Italic } from '@tiptap/extension-italic';
import { Link } from '@tiptap/extension-link';
import { BulletList, ListItem, ListKeymap, OrderedList } from '@tiptap/extension-list';
import { Paragraph } from '@tiptap/extension-paragraph';
import { Strike } from '@tiptap/extension-strike';
import { Text } from '@tiptap/extension-text';
import { Placeholder, UndoRedo } from '@tiptap/extensions';
import { DOMParser } from '@tiptap/pm/model';
import { htmlNodes } from '../../../ui/rich';
import { slashAt, type CannedReply } from '../../lib/canned';

export interface EditorOptions {
  element: HTMLElement;
  label: string;
  placeholder: string;
  doc: unknown;
  text: string;
  enterSends(): boolean;
  send(): void;
  /** The text or the selection changed. */
  changed(edited: boolean): void;
  /** A key before the editor sees it; true when it was meant for something else. */
  key?(event: KeyboardEvent): boolean;
}

export function docOf(text: string): JSONContent {
  return {
    type: 'doc',
    content: text.split('\n').map((line) => ({
      type: 'paragraph',
      ...(line ? { content: [{ type: 'text', text: line }] } : {}),
    })),
  };
}

/** Enter sends or breaks the line, as the agent has set it; Ctrl/Cmd + Enter always sends. */
function keys(options: EditorOptions): Extension {
  const inside = (editor: Editor, name: string) => editor.isActive(name);
  const newLine = (editor: Editor): boolean => {
    if (inside(editor, 'listItem'))
      return editor.commands.splitListItem('listItem') || editor.commands.liftListItem('listItem');
    if (inside(editor, 'codeBlock')) return editor.commands.newlineInCode();
    return editor.commands.splitBlock();
  };
  return Extension.create({
    name: 'replyKeys',
    priority: 1000,
    addKeyboardShortcuts() {
      const send = () => (options.send(), true);
      return {
        Enter: ({ editor }) => (options.enterSends() && !editor.view.composing ? send() : false),
        'Shift-Enter': ({ editor }) => newLine(editor as Editor),
        'Mod-Enter': send,
      };
    },
  });
}

export function createEditor(options: EditorOptions): Editor {
  return new Editor({
    element: options.element,
    injectCSS: false,
    content: (options.doc as JSONContent | undefined) ?? docOf(options.text),
    extensions: [
      Document,
      Paragraph,
      Text,
      Bold,
      Italic,
      Strike,
      Code,
      CodeBlock,
      Blockquote,
      BulletList,
      OrderedList,
      ListItem,
      ListKeymap,
      HardBreak.extend({ addKeyboardShortcuts: () => ({}) }),
      Link.configure({
        openOnClick: false,
        autolink: true,
        protocols: ['http', 'https', 'mailto'],
        defaultProtocol: 'https',
      }),
      Placeholder.configure({ placeholder: options.placeholder }),
      UndoRedo,
      keys(options),
    ],
    editorProps: {
      handleKeyDown: (_, event) => {
        if (!options.key?.(event)) return false;
        event.preventDefault();
        return true;
      },
      attributes: {
        role: 'textbox',
        'aria-multiline': 'true',
        'aria-label': options.label,
        spellcheck: 'true',
      },
    },
    onUpdate: () => options.changed(true),
    onSelectionUpdate: () => options.changed(false),
  });
}

function isPlain(node: JSONContent): boolean {
  if (node.marks?.length) return false;
  if (!['doc', 'paragraph', 'text'].includes(node.type ?? '')) return false;
  return (node.content ?? []).every(isPlain);
}

/** What is written: its text, its form for drafts, and its HTML only when it is more than plain lines. */
export function written(editor: Editor): { text: string; doc: unknown; html?: string } {
  const doc = editor.getJSON();
  const text = editor.getText({ blockSeparator: '\n' }).trim();
  return isPlain(doc) ? { text, doc } : { text, doc, html: editor.getHTML() };
}

const FORMATS = [
  'bold',
  'italic',
  'strike',
  'code',
  'bulletList',
  'orderedList',
  'blockquote',
  'codeBlock',
  'link',
] as const;
export type Format = (typeof FORMATS)[number];

export function activeFormats(editor: Editor): Set<Format> {
  return new Set(FORMATS.filter((name) => editor.isActive(name)));
}

export function toggle(editor: Editor, format: Exclude<Format, 'link'>): void {
  const chain = editor.chain().focus();
  const run = {
    bold: () => chain.toggleBold(),
    italic: () => chain.toggleItalic(),
    strike: () => chain.toggleStrike(),
    code: () => chain.toggleCode(),
    bulletList: () => chain.toggleBulletList(),
    orderedList: () => chain.toggleOrderedList(),
    blockquote: () => chain.toggleBlockquote(),
    codeBlock: () => chain.toggleCodeBlock(),
  }[format];
  run().run();
}

/** Links the selection, or puts the address in as a link; an empty address takes the link away. */
export function setLink(editor: Editor, href: string): void {
  const chain = editor.chain().focus().extendMarkRange('link');
  if (!href) chain.unsetLink().run();
  else if (editor.state.selection.empty && !editor.isActive('link'))
    chain.insertContent({ type: 'text', text: href, marks: [{ type: 'link', attrs: { href } }] }).run();
  else chain.setLink({ href }).run();
}

export function linkAt(editor: Editor): string {
  return (editor.getAttributes('link').href as string | undefined) ?? '';
}

/** Where a caret of plain text stands in the editor: each line is a paragraph of its own. */
export function positionOf(text: string, caret: number): number {
  return caret + text.slice(0, caret).split('\n').length;
}

/** A `/` that calls the canned replies: the words after it, and where both stand. */
export interface Slash {
  words: string;
  from: number;
  to: number;
}

/** The one just before the caret, if there is one; never in code. */
export function slashBefore(editor: Editor): Slash | null {
  const { selection } = editor.state;
  const { $from: at } = selection;
  if (!selection.empty || !at.parent.isTextblock || editor.isActive('code') || editor.isActive('codeBlock'))
    return null;
  const found = slashAt(at.parent.textBetween(0, at.parentOffset, undefined, '\ufffc'));
  return found && { words: found.words, from: at.pos - found.length, to: at.pos };
}

/** Opens the list of canned replies from a button. */
export function typeSlash(editor: Editor): void {
  const { $from: at } = editor.state.selection;
  const before = at.parent.textBetween(0, at.parentOffset, undefined, '\ufffc');
  editor
    .chain()
    .focus()
    .insertContent(/\S$/.test(before) ? ' /' : '/')
    .run();
}

/** Takes the place of the slash: formats as they are, `filled` puts values into every text. */
export function putReply(
  editor: Editor,
  { from, to }: Pick<Slash, 'from' | 'to'>,
  reply: Pick<CannedReply, 'text' | 'html'>,
  filled: (text: string) => string,
): void {
  const blocks = reply.html ? blocksOf(editor, reply.html, filled) : docOf(filled(reply.text)).content!;
  const [only] = blocks;
  const inline = blocks.length === 1 && only!.type === 'paragraph';
  editor
    .chain()
    .focus()
    .deleteRange({ from, to })
    .insertContent(inline ? (only!.content ?? []) : blocks)
    .run();
}

/** Safe HTML as the editor's own form; values come in as text after it was read. */
export function blocksOf(editor: Editor, html: string, filled: (text: string) => string): JSONContent[] {
  const body = document.createElement('div');
  body.append(htmlNodes(html));
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) (walker.currentNode as Text).data = filled((walker.currentNode as Text).data);
  return DOMParser.fromSchema(editor.schema).parse(body).toJSON().content as JSONContent[];
}
