/** What this member of staff may do with a conversation. Mirrors the server's rules, which decide; the screen only hides. */
import type { Me, Row } from '../../client/frames';

export interface May {
  flag: boolean;
  pend: boolean;
  unpend: boolean;
  transfer: boolean;
  /** An offered transfer is theirs to accept; declined by one person only, a department leaves it to the others. */
  acceptTransfer: boolean;
  declineTransfer: boolean;
  cancelTransfer: boolean;
  answerOffer: boolean;
  assign: boolean;
  comment: boolean;
}

const COMMENTED = ['live', 'pending'];

export function mayOf(row: Row, me: Pick<Me, 'id' | 'role' | 'departments'>): May {
  const owns = row.owner === me.id;
  const supervises = me.role !== 'agent';
  const chat = row.kind === 'chat';
  const open = chat && COMMENTED.includes(row.state);
  const { transfer } = row;
  const toMe = transfer?.to === me.id;
  const toOurs = transfer?.department != null && me.departments.includes(transfer.department);
  return {
    flag: (owns || supervises) && chat && row.owner != null && row.state !== 'archived',
    pend: owns && row.state === 'live',
    unpend: (owns || supervises) && row.state === 'pending',
    transfer: (owns || supervises) && open && !transfer,
    acceptTransfer: !owns && (toMe || toOurs),
    declineTransfer: !owns && toMe,
    cancelTransfer: !!transfer && (owns || supervises || transfer.by === me.id),
    answerOffer: row.state === 'offered' && row.offered_to === me.id,
    assign: supervises && row.state !== 'closed' && row.state !== 'archived',
    comment: open && (owns || supervises || (row.mentioned ?? []).includes(me.id)),
  };
}
