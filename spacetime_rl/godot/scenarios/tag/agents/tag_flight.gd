class_name TagFlight
extends RefCounted
## Plans a scripted player's flight cell by cell, as if everybody who is it came by the shortest way.
##
## A beam search: of all ways of a few steps, those go on that lead furthest from those who are it.

const STEPS_AHEAD := 9
const WIDTH := 12
## Metres of walking within which one is as good as tagged.
const CAUGHT := 2.1
## Metres that are far enough.
const FAR := 14.0
## What each way out of a cell is worth, in metres.
const WAY_OUT := 0.15
## What staying in a cell for a moment takes, as if one walked these metres.
const STAY := 2.0


## A state some steps ahead.
class Leaf:
	var cell := 0
	## The cells of those who are it, and the metres that each of them may still walk.
	var its := PackedInt32Array()
	var budgets := PackedFloat32Array()
	## Where the way to this state goes first.
	var first := 0
	var worth := 0.0


var _map: TagMap
var _paths: TagPaths
# How much faster those who are it are.
var _ratio := 1.0
# What the last plan was made for, and what it said.
var _cell := -1
var _its := PackedInt32Array()
var _next := 0


func _init(map: TagMap) -> void:
	_map = map
	_paths = map.paths


## Forget the last plan: the map is another one.
func forget() -> void:
	_cell = -1


## The number of the cell to go to from where a player is: one beside its own, or its own to stay.
func next_cell(player: TagPlayer) -> int:
	var start := Leaf.new()
	start.cell = _map.number_at(player.position)
	for other: TagPlayer in player.arena.players:
		if other.is_it and other.agent.active:
			start.its.append(_map.number_at(other.position))
			start.budgets.append(0.0)
	if start.cell != _cell or start.its != _its:
		_cell = start.cell
		_its = start.its
		_ratio = player.arena.settings.seeker_speed / player.arena.settings.hider_speed
		_next = _plan(start)
	return _next


func _plan(start: Leaf) -> int:
	var beam: Array[Leaf] = [start]
	for depth: int in STEPS_AHEAD:
		var found: Dictionary[int, Leaf] = {}
		for leaf: Leaf in beam:
			var steps := _paths.steps_from(leaf.cell)
			var lengths := _paths.lengths_from(leaf.cell)
			_go_on(leaf, leaf.cell, STAY, found)
			for i: int in steps.size():
				_go_on(leaf, steps[i], lengths[i], found)
		if found.is_empty():
			break
		beam.assign(found.values())
		if depth == 0:
			for leaf: Leaf in beam:
				leaf.first = leaf.cell
		beam.sort_custom(func(one: Leaf, other: Leaf) -> bool: return one.worth > other.worth)
		beam.resize(mini(beam.size(), WIDTH))
	return beam[0].first if beam[0] != start else _furthest(start)


# Add the state after a step, unless it has been found already or somebody is tagged in it.
func _go_on(leaf: Leaf, cell: int, metres: float, found: Dictionary[int, Leaf]) -> void:
	var its := leaf.its.duplicate()
	var budgets := leaf.budgets.duplicate()
	var gap := FAR
	var state := cell
	for i: int in its.size():
		var at := its[i]
		var budget := budgets[i] + metres * _ratio
		var left := _paths.costs_from(at)[cell]
		while at != cell:
			var hop := _paths.hops_from(at)[cell]
			var after := _paths.costs_from(hop)[cell]
			if left - after > budget:
				break
			budget -= left - after
			at = hop
			left = after
		gap = minf(gap, left - budget)
		state = state * 256 + at
		its[i] = at
		budgets[i] = budget
	if gap < CAUGHT or found.has(state):
		return
	var next := Leaf.new()
	next.cell = cell
	next.first = leaf.first
	next.its = its
	next.budgets = budgets
	next.worth = gap + WAY_OUT * _paths.steps_from(cell).size()
	found[state] = next


# Every way ends with a tag: the one that takes longest is as good as any.
func _furthest(start: Leaf) -> int:
	var best := start.cell
	var most := -INF
	for cell: int in _paths.steps_from(start.cell):
		var gap := INF
		for it: int in start.its:
			gap = minf(gap, _paths.costs_from(it)[cell])
		if gap > most:
			most = gap
			best = cell
	return best
