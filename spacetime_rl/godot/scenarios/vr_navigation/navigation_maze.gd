class_name NavigationMaze
extends RefCounted
## Passages between square cells: one way, and no other, leads from any cell to any other.
##
## In an episode: `carve`, `aim`; then `walls` says what stands, and `next_place` where to go.

## Side of a cell, from the middle of one wall to that of the next, in metres.
const CELL := 4.0

## Cells along a side of the maze.
var side: int

# The least x and z of the maze.
var _corner: Vector2
# By cell, row after row: whether one can walk on to the cell to the right, and to the one below.
var _right := PackedByteArray()
var _below := PackedByteArray()
# By cell: how many cells further on the goal is.
var _ways := PackedInt32Array()


## `reach` is half of the side that there is room for, in metres.
func _init(reach: float) -> void:
	side = floori(2.0 * reach / CELL)
	_corner = -Vector2.ONE * CELL * side / 2.0
	_ways.resize(count())


## Cells of the maze.
func count() -> int:
	return side * side


## Walls that every maze of this size has, those around it among them.
func wall_count() -> int:
	var inside := 2 * side * (side - 1)
	var passages := count() - 1
	return inside - passages + 4 * side


## The middle of a cell, in metres.
func middle_of(cell: int) -> Vector2:
	return _corner + CELL * (Vector2(_place_of(cell)) + Vector2(0.5, 0.5))


## The cell at a point, or the nearest one.
func cell_at(point: Vector2) -> int:
	var place := Vector2i(((point - _corner) / CELL).floor()).clampi(0, side - 1)
	return place.y * side + place.x


## Make new passages, by a walk that goes on until every cell was visited.
func carve(rng: RandomNumberGenerator) -> void:
	_right.resize(count())
	_right.fill(0)
	_below.resize(count())
	_below.fill(0)
	var visited := PackedByteArray()
	visited.resize(count())
	var way := PackedInt32Array([rng.randi_range(0, count() - 1)])
	visited[way[0]] = 1
	while not way.is_empty():
		var fresh := PackedInt32Array()
		for cell: int in _beside(way[-1]):
			if visited[cell] == 0:
				fresh.append(cell)
		if fresh.is_empty():
			way.remove_at(way.size() - 1)
			continue
		var next := fresh[rng.randi_range(0, fresh.size() - 1)]
		_open(way[-1], next)
		visited[next] = 1
		way.append(next)


## Find the way to a point from everywhere.
func aim(goal: Vector2) -> void:
	_ways.fill(-1)
	var cells := PackedInt32Array([cell_at(goal)])
	_ways[cells[0]] = 0
	var looked_at := 0
	while looked_at < cells.size():
		var cell := cells[looked_at]
		looked_at += 1
		for next: int in _beside(cell):
			if _ways[next] < 0 and is_open(cell, next):
				_ways[next] = _ways[cell] + 1
				cells.append(next)


## Cells to walk through from a point until that of the goal.
func way_from(point: Vector2) -> int:
	return _ways[cell_at(point)]


## The middle of the next cell on the way from a point to the goal; the goal's own, once there.
func next_place(point: Vector2) -> Vector2:
	var here := cell_at(point)
	for next: int in _beside(here):
		if is_open(here, next) and _ways[next] < _ways[here]:
			return middle_of(next)
	return middle_of(here)


## Whether one can walk from a cell to one beside it.
func is_open(one: int, other: int) -> bool:
	var first := mini(one, other)
	return (_right[first] if absi(one - other) == 1 else _below[first]) == 1


## From where to where walls stand, each as two points in metres.
func walls() -> Array[PackedVector2Array]:
	var found: Array[PackedVector2Array] = []
	for cell: int in count():
		var place := _place_of(cell)
		var at := _corner + CELL * Vector2(place)
		var across := Vector2(CELL, 0.0)
		var down := Vector2(0.0, CELL)
		if place.x == 0:
			found.append(PackedVector2Array([at, at + down]))
		if place.y == 0:
			found.append(PackedVector2Array([at, at + across]))
		if _right[cell] == 0:
			found.append(PackedVector2Array([at + across, at + across + down]))
		if _below[cell] == 0:
			found.append(PackedVector2Array([at + down, at + across + down]))
	return found


func _open(one: int, other: int) -> void:
	if absi(one - other) == 1:
		_right[mini(one, other)] = 1
	else:
		_below[mini(one, other)] = 1


@warning_ignore_start("integer_division")


func _place_of(cell: int) -> Vector2i:
	return Vector2i(cell % side, cell / side)


@warning_ignore_restore("integer_division")


## The cells that share a side with a cell.
func _beside(cell: int) -> PackedInt32Array:
	var place := _place_of(cell)
	var found := PackedInt32Array()
	if place.x > 0:
		found.append(cell - 1)
	if place.x < side - 1:
		found.append(cell + 1)
	if place.y > 0:
		found.append(cell - side)
	if place.y < side - 1:
		found.append(cell + side)
	return found
