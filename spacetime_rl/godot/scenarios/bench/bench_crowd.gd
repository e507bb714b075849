class_name BenchCrowd
extends RefCounted
## Who is near whom: walkers sorted into square cells, so that a look round costs the same however many there are.

## Nobody is seen beyond this distance, in metres; also the edge of a cell.
const REACH_M := 4.0
## Neighbours that a look finds at most.
const NEAREST := 4

const _NOBODY := -1

## What the last look found, nearest first: distances in metres (INF is nobody) and offsets in the arena's frame.
var distances := PackedFloat32Array()
var offsets := PackedVector3Array()

var _walkers: Array[BenchWalker] = []
var _moved := true
var _cells := 0
var _places := PackedVector3Array()
# A list for each cell: its first walker, and after each walker the next one.
var _first := PackedInt32Array()
var _next := PackedInt32Array()


## Look after these walkers, on a square floor.
func watch(walkers: Array[BenchWalker], edge_m: float) -> void:
	_walkers = walkers
	_cells = ceili(edge_m / REACH_M)
	_first.resize(_cells * _cells)
	_next.resize(walkers.size())
	_places.resize(walkers.size())
	distances.resize(NEAREST)
	offsets.resize(NEAREST)


## The walkers are no longer where they were; they are sorted again when somebody looks.
func note_motion() -> void:
	_moved = true


## Find the neighbours of a walker: see `distances` and `offsets`.
func look_from(number: int) -> void:
	if _moved:
		_sort()
	distances.fill(INF)
	var at := _places[number]
	var column := _cell_along(at.x)
	var row := _cell_along(at.z)
	for z: int in range(maxi(row - 1, 0), mini(row + 2, _cells)):
		for cell: int in range(z * _cells + maxi(column - 1, 0), z * _cells + mini(column + 2, _cells)):
			var other := _first[cell]
			while other != _NOBODY:
				if other != number:
					var offset := _places[other] - at
					var distance := offset.length()
					if distance <= REACH_M and distance < distances[NEAREST - 1]:
						_keep(offset, distance)
				other = _next[other]


func _sort() -> void:
	_moved = false
	_first.fill(_NOBODY)
	for i: int in _walkers.size():
		var at := _walkers[i].global_position
		var cell := _cell_along(at.z) * _cells + _cell_along(at.x)
		_places[i] = at
		_next[i] = _first[cell]
		_first[cell] = i


func _cell_along(metres: float) -> int:
	return clampi(floori(metres / REACH_M + 0.5 * _cells), 0, _cells - 1)


func _keep(offset: Vector3, distance: float) -> void:
	var place := NEAREST - 1
	while place > 0 and distances[place - 1] > distance:
		distances[place] = distances[place - 1]
		offsets[place] = offsets[place - 1]
		place -= 1
	distances[place] = distance
	offsets[place] = offset
