// SPDX-License-Identifier: Apache-2.0

package fdesc

// queue is a list whose members have their place in it as a field of their own. The zero value is empty.
type queue[T any] struct {
	first, last *place[T]
	n           int
}

// place is where a member stands. The zero value is in no queue.
type place[T any] struct {
	of         *T // the member, nil in no queue
	prev, next *place[T]
}

// push puts a member, whose place p is, at the end.
func (q *queue[T]) push(m *T, p *place[T]) {
	*p = place[T]{of: m, prev: q.last}
	if q.last != nil {
		q.last.next = p
	} else {
		q.first = p
	}
	q.last = p
	q.n++
}

// remove does nothing if the place is in no queue.
func (q *queue[T]) remove(p *place[T]) {
	if p.of == nil {
		return
	}
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		q.first = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		q.last = p.prev
	}
	*p = place[T]{}
	q.n--
}
