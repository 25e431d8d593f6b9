"""What was acknowledged, what each user was shown, and the difference.

A room's acknowledged messages are known from their senders. A view is one user's unbroken stay in a room: after a resume
it goes on, after a leave and a join it is another. A view must hold every acknowledged message between its ends, once and
in rising seq. One process holds all users, so there is one ledger, and greenlets need no locks.
"""

import collections
import dataclasses


class View:
    def __init__(self, ledger, room, since):
        self.ledger = ledger
        self.room = room
        self.since = since  # shown is what lies above
        self.last = since
        self.seqs = []
        self.open = True

    def show(self, seq, id):
        """A message as it came. Nothing is filtered here, so that what comes twice counts twice."""
        self.seqs.append(seq)
        self.last = max(self.last, seq)
        first = self.ledger.seq_of[self.room].setdefault(id, seq)
        if first != seq:
            self.ledger.two_seqs.add((self.room, id))

    def close(self):
        self.open = False


@dataclasses.dataclass
class Verdict:
    messages: int  # acknowledged
    deliveries: int  # shown, over all views
    views: int
    lost: int
    doubled: int
    out_of_order: int
    not_recovered: int

    @property
    def good(self):
        return not (self.lost or self.doubled or self.out_of_order or self.not_recovered)


class Ledger:
    def __init__(self):
        self.acked = collections.defaultdict(set)  # room -> seqs
        self.seq_of = collections.defaultdict(dict)  # room -> id -> seq
        self.two_seqs = set()  # (room, id) shown under two seqs
        self.views = []
        self.unanswered = 0
        self.not_recovered = 0

    def open_view(self, room, since):
        view = View(self, room, since)
        self.views.append(view)
        return view

    def ack(self, room, seq):
        self.acked[room].add(seq)

    def everyone_has_everything(self):
        """Whether all that was sent is answered, and whoever is in a room has been shown its newest message."""
        if self.unanswered > 0:
            return False
        newest = {room: max(seqs) for room, seqs in self.acked.items()}
        return all(view.last >= newest.get(view.room, -1) for view in self.views if view.open)

    def judge(self):
        lost = doubled = out_of_order = deliveries = 0
        newest = {room: max(seqs) for room, seqs in self.acked.items()}
        for view in self.views:
            shown = set(view.seqs)
            deliveries += len(view.seqs)
            doubled += len(view.seqs) - len(shown)
            out_of_order += sum(1 for one, next in zip(view.seqs, view.seqs[1:]) if next < one)
            # Who is still there owes an account up to the room's end; who left, up to what it was shown last.
            until = newest.get(view.room, -1) if view.open else view.last
            lost += sum(1 for seq in self.acked[view.room] if view.since < seq <= until and seq not in shown)
        return Verdict(sum(map(len, self.acked.values())), deliveries, len(self.views), lost,
                       doubled + len(self.two_seqs), out_of_order, self.not_recovered)
