class_name TagPaths
extends RefCounted
## The shortest ways over a TagMap, for scripted players: around walls, up and down blocks. Cells go by their numbers.

## What a jump costs, in metres of walking.
const JUMP_COST := 0.8
# Metres between the places of a straight line that are looked at.
const _STEP := 0.5
const _AROUND: Array[Vector2i] = [
	Vector2i(1, 0),
	Vector2i(-1, 0),
	Vector2i(0, 1),
	Vector2i(0, -1),
	Vector2i(1, 1),
	Vector2i(1, -1),
	Vector2i(-1, 1),
	Vector2i(-1, -1),
]

var _map: TagMap
# By cell, once somebody asked: the cells that one can step to, and the metres that this takes.
var _steps: Array[PackedInt32Array] = []
var _lengths: Array[PackedFloat32Array] = []
# By cell, once somebody asked, for every cell: metres to it, the cell before it on the way, the first one of the way.
var _costs: Array[PackedFloat32Array] = []
var _costs_to: Array[PackedFloat32Array] = []
var _before: Array[PackedInt32Array] = []
var _hops: Array[PackedInt32Array] = []


func _init(map: TagMap) -> void:
	_map = map


## The map has changed.
func forget() -> void:
	var count := _map.cells * _map.cells
	for by_cell: Array in [_steps, _lengths, _costs, _costs_to, _before, _hops]:
		by_cell.clear()
		by_cell.resize(count)


## Metres of walking from a cell to each of the map's cells; infinite for walls.
func costs_from(cell: int) -> PackedFloat32Array:
	if _costs[cell].is_empty():
		_search(cell)
	return _costs[cell]


## Metres of walking to a cell from each of the map's cells; infinite for walls. Down a block is nearer than up.
func costs_to(cell: int) -> PackedFloat32Array:
	if _costs_to[cell].is_empty():
		_search_back(cell)
	return _costs_to[cell]


## The first cell on the way from one to each of the map's cells; -1 where there is no way.
func hops_from(cell: int) -> PackedInt32Array:
	if _hops[cell].is_empty():
		_search(cell)
	return _hops[cell]


## The cells that one can step to from a cell.
func steps_from(cell: int) -> PackedInt32Array:
	if _lengths[cell].is_empty():
		_find_steps(cell)
	return _steps[cell]


## The metres that each of `steps_from` takes.
func lengths_from(cell: int) -> PackedFloat32Array:
	if _lengths[cell].is_empty():
		_find_steps(cell)
	return _lengths[cell]


## The cells on the way from one to another, without the first one; empty where there is none.
func way(from: int, to: int) -> PackedInt32Array:
	costs_from(from)
	var before := _before[from]
	var found := PackedInt32Array()
	while before[to] >= 0:
		found.append(to)
		to = before[to]
	found.reverse()
	return found


## Whether one can walk straight from a place to another with nothing higher in the way than where one stands.
func is_clear(from: Vector3, to: Vector3, wide: float) -> bool:
	var along := Vector2(to.x - from.x, to.z - from.z)
	var aside := along.normalized().orthogonal() * (wide / 2.0)
	var steps := maxi(ceili(along.length() / _STEP), 1)
	var start := Vector2(from.x, from.z)
	return (
		_is_low(start + aside, along / steps, steps, from.y + 0.3)
		and _is_low(start - aside, along / steps, steps, from.y + 0.3)
	)


# Whether nothing is higher than `height` at a place and after each of some steps from it. Many lines are asked about in
# every decision, so this calls nothing.
func _is_low(from: Vector2, by: Vector2, steps: int, height: float) -> bool:
	var cells := _map.cells
	var levels := _map.levels
	var at := from / TagMap.CELL + Vector2.ONE * (0.5 * cells)
	var step := by / TagMap.CELL
	for i: int in steps + 1:
		if levels[clampi(int(at.y), 0, cells - 1) * cells + clampi(int(at.x), 0, cells - 1)] > height:
			return false
		at += step
	return true


## Whether a step from a cell to one beside it is possible: no higher than a jump, and around no corner.
func _can_step(from: Vector2i, by: Vector2i) -> bool:
	var level := _map.level_of(from)
	var next := _map.level_of(from + by)
	if next == TagMap.WALL or next > level + 1:
		return false
	if by.x == 0 or by.y == 0:
		return true
	# Across a corner only where nothing stands higher than one's feet, and without a jump.
	var beside := maxi(_map.level_of(from + Vector2i(by.x, 0)), _map.level_of(from + Vector2i(0, by.y)))
	return next <= level and beside <= level


## Metres that a step from a cell to one beside it takes.
func _length_of(from: Vector2i, by: Vector2i) -> float:
	var climbs := _map.level_of(from + by) > _map.level_of(from)
	return TagMap.CELL * Vector2(by).length() + (JUMP_COST if climbs else 0.0)


func _find_steps(index: int) -> void:
	var cell := _map.cell_at(index)
	for by: Vector2i in _AROUND:
		if _can_step(cell, by):
			_steps[index].append(_map.index_of(cell + by))
			_lengths[index].append(_length_of(cell, by))


# The nearest cell first; so few cells need no heap.
func _search(source: int) -> void:
	var costs := PackedFloat32Array()
	costs.resize(_map.cells * _map.cells)
	costs.fill(INF)
	var before := PackedInt32Array()
	before.resize(costs.size())
	before.fill(-1)
	var hops := before.duplicate()
	costs[source] = 0.0
	var waiting := PackedInt32Array([source])
	while not waiting.is_empty():
		var best := 0
		for i: int in waiting.size():
			if costs[waiting[i]] < costs[waiting[best]]:
				best = i
		var at := waiting[best]
		waiting.remove_at(best)
		var steps := steps_from(at)
		var lengths := _lengths[at]
		for i: int in steps.size():
			var next := steps[i]
			var metres := costs[at] + lengths[i]
			if metres < costs[next]:
				if costs[next] == INF:
					waiting.append(next)
				costs[next] = metres
				before[next] = at
				hops[next] = next if at == source else hops[at]
	_costs[source] = costs
	_before[source] = before
	_hops[source] = hops


# From the goal outwards, over the steps that lead to a cell.
func _search_back(goal: int) -> void:
	var costs := PackedFloat32Array()
	costs.resize(_map.cells * _map.cells)
	costs.fill(INF)
	costs[goal] = 0.0
	var waiting := PackedInt32Array([goal])
	var first := 0
	while first < waiting.size():
		var at := waiting[first]
		first += 1
		var cell := _map.cell_at(at)
		for by: Vector2i in _AROUND:
			var from := cell - by
			if _map.level_of(from) == TagMap.WALL or not _can_step(from, by):
				continue
			var metres := costs[at] + _length_of(from, by)
			var index := _map.index_of(from)
			if metres < costs[index]:
				costs[index] = metres
				waiting.append(index)
	_costs_to[goal] = costs
