class_name ObstacleField
extends Node3D
## Obstacles that stand elsewhere every episode, always with room to walk between any two of them.
##
## No two footprints come nearer to each other than `gap`, but for two walls that make a corner: whoever is slimmer gets
## everywhere. In an episode: `clear`, `keep_free` what needs room, `block` and `scatter`, `finish`.

const TRIES := 12

## Room between two obstacles, in metres.
var gap := 1.2
## How small an obstacle may be: 0 is the smallest of its kind, 1 the largest.
var least_bulk := 0.0
## The obstacles that stand in this episode.
var standing: Array[FieldObstacle] = []

# The whole supply, by kind.
var _supply: Array[Array] = []
var _used := PackedInt32Array([0, 0, 0])
var _free_spots := PackedVector2Array()
var _free_radii := PackedFloat32Array()


## Make the supply, once: `count` obstacles, a third of each kind, and more walls.
func build(count: int, more_walls: int = 0) -> void:
	for kind: FieldObstacle.Kind in [FieldObstacle.Kind.CRATE, FieldObstacle.Kind.PILLAR, FieldObstacle.Kind.WALL]:
		var all: Array[FieldObstacle] = []
		for i: int in ceili(count / 3.0) + (more_walls if kind == FieldObstacle.Kind.WALL else 0):
			var obstacle := FieldObstacle.new(kind)
			all.append(obstacle)
			add_child(obstacle)
		_supply.append(all)


## Forget the last episode.
func clear() -> void:
	standing.clear()
	_used.fill(0)
	_free_spots.clear()
	_free_radii.clear()


## Let no obstacle come nearer than `distance` to a point.
func keep_free(spot: Vector2, distance: float) -> void:
	_free_spots.append(spot)
	_free_radii.append(distance)


## Stand an obstacle in the straight way from one point to another; null where there is no room for it.
func block(rng: RandomNumberGenerator, start: Vector2, end: Vector2, kind: FieldObstacle.Kind) -> FieldObstacle:
	var across := (end - start).orthogonal()
	for attempt: int in TRIES:
		var obstacle := _next(rng, kind)
		if obstacle == null:
			return null
		var spot := start.lerp(end, rng.randf_range(0.35, 0.65))
		spot += across.normalized() * obstacle.half_length * rng.randf_range(-0.6, 0.6)
		obstacle.plan(spot, -across.angle() + rng.randf_range(-0.5, 0.5))
		if _fits(obstacle):
			_keep(obstacle)
			return obstacle
	return null


## Make a corner of a wall, where there is room: a second one from one of its ends, on the side of a point.
func add_corner(rng: RandomNumberGenerator, wall: FieldObstacle, towards: Vector2) -> void:
	var side := _next(rng, FieldObstacle.Kind.WALL)
	if side == null:
		return
	var end := wall.from if rng.randf() < 0.5 else wall.to
	var back := (wall.to - wall.from).orthogonal().normalized()
	if back.dot(towards - end) < 0.0:
		back = -back
	side.plan(end + back * side.half_length, -back.angle())
	if _fits(side, wall):
		_keep(side)


## Stand a high wall from one point to another, whatever is beside it. There has to be one left.
func add_wall(from: Vector2, to: Vector2) -> void:
	var wall: FieldObstacle = _supply[FieldObstacle.Kind.WALL][_used[FieldObstacle.Kind.WALL]]
	wall.stretch(from.distance_to(to))
	wall.plan((from + to) / 2.0, -(to - from).angle())
	_keep(wall)


## Stand `count` more obstacles within a rectangle; fewer where it gets too narrow. All of `kinds` in turn.
func scatter(rng: RandomNumberGenerator, count: int, within: Rect2, kinds: Array[FieldObstacle.Kind]) -> void:
	for i: int in count:
		var obstacle := _next(rng, kinds[i % kinds.size()])
		if obstacle == null:
			continue
		for attempt: int in TRIES:
			var spot := within.position + within.size * Vector2(rng.randf(), rng.randf())
			obstacle.plan(spot, rng.randf_range(0.0, PI))
			if _fits(obstacle):
				_keep(obstacle)
				break


## Move the bodies: those that stand to their place, the others out of the world.
func finish() -> void:
	for obstacle: FieldObstacle in standing:
		obstacle.stand()
	for kind: int in _supply.size():
		for i: int in range(_used[kind], _supply[kind].size()):
			(_supply[kind][i] as FieldObstacle).put_away()


## Metres from a point to the nearest obstacle.
func gap_at(point: Vector2) -> float:
	var nearest := INF
	for obstacle: FieldObstacle in standing:
		nearest = minf(nearest, obstacle.gap_to_point(point))
	return nearest


## Whether somebody `wide` metres wide cannot walk straight from one point to another.
func is_blocked(start: Vector2, end: Vector2, wide: float) -> bool:
	for obstacle: FieldObstacle in standing:
		if obstacle.blocks(start, end, wide):
			return true
	return false


## The next obstacle of a kind that does not stand yet, of a new size; null when the supply is used up.
func _next(rng: RandomNumberGenerator, kind: FieldObstacle.Kind) -> FieldObstacle:
	if _used[kind] >= _supply[kind].size():
		return null
	var obstacle: FieldObstacle = _supply[kind][_used[kind]]
	obstacle.resize(rng.randf_range(least_bulk, 1.0), rng.randf(), rng.randf())
	return obstacle


func _keep(obstacle: FieldObstacle) -> void:
	standing.append(obstacle)
	_used[obstacle.kind] += 1


## Whether there is room for an obstacle, which may touch `partner`.
func _fits(obstacle: FieldObstacle, partner: FieldObstacle = null) -> bool:
	for i: int in _free_spots.size():
		if obstacle.gap_to_point(_free_spots[i]) < _free_radii[i]:
			return false
	for other: FieldObstacle in standing:
		if other != partner and obstacle.gap_to(other, gap) < gap:
			return false
	return true
