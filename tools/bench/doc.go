// SPDX-License-Identifier: Apache-2.0

/*
Bench compares what a program costs in a view with what it costs without one. It prints one table of ratios from one
run: the first column of a group is 1, with its absolute time beside it, and each row ends with the limits that the
project has set itself and whether they hold.

The rules that make the numbers honest:

  - Contenders of a row take turns, round after round, so that whatever else the machine does hits all of them;
    the best round of each counts.
  - All contenders of a row must produce the same output, up to the order of lines; the run fails if they do not.
  - A contender is a process that lives as long as its group (see [agent]), so that the start of a view is a row of its own
    and in no other.
  - What a row needs is asked for first: a program that is missing is an error, not a row left out.

A group is a function in a file group_*.go with a line in the list [groups]. What it cannot do without root says so.
*/
package main
