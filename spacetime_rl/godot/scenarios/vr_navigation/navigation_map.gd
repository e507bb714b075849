class_name NavigationMap
extends Node3D
## The square map: a floor with edges, obstacles, and where the way starts and ends.

## Starts, goals and obstacles keep this distance from the edge, in metres.
const MARGIN := 2.0
## Obstacles keep this distance from start and goal, in metres.
const CLEARANCE := 1.2
const TRIES := 64
const FLOOR_DEPTH := 1.0
const MOST_OBSTACLES := 6.0

@export var field: ObstacleField
@export var floor_shape: CollisionShape3D
@export var floor_mesh: MeshInstance3D

## Where the player starts and has to go, x and z in metres.
var start := Vector2.ZERO
var goal := Vector2.ZERO
## Passages of a map that is a maze; null on other maps.
var maze: NavigationMaze

var _half := 20.0
# The one that is carved anew wherever a map is a maze; null in a game without any.
var _passages: NavigationMaze
var _kinds: Array[FieldObstacle.Kind] = [FieldObstacle.Kind.CRATE, FieldObstacle.Kind.PILLAR, FieldObstacle.Kind.WALL]


## The greatest distance between start and goal that a map has room for, in metres.
static func longest_way(map_size: float) -> float:
	return map_size - 2.0 * MARGIN


## Make the floor and the supply of obstacles, once.
func build(params: NavigationParams) -> void:
	_half = params.map_size / 2.0
	var size := Vector3(params.map_size, FLOOR_DEPTH, params.map_size)
	(floor_shape.shape as BoxShape3D).size = size
	(floor_mesh.mesh as BoxMesh).size = size
	if params.mazes > 0.0:
		_passages = NavigationMaze.new(_half - MARGIN)
	field.build(_count(MOST_OBSTACLES) + 6, _passages.wall_count() if _passages != null else 0)


## Lay out a new map.
func lay_out(rng: RandomNumberGenerator, params: NavigationParams) -> void:
	field.clear()
	maze = null
	# No number is drawn where there are no mazes: their episodes stay as they were.
	if params.mazes > 0.0 and rng.randf() < params.mazes:
		_lay_out_maze(rng, params)
		return
	field.gap = params.gap
	_choose_way(rng, rng.randf_range(params.goal_distance_min, params.goal_distance_max))
	field.keep_free(start, CLEARANCE)
	field.keep_free(goal, CLEARANCE)
	_block_way(rng, params.corners)
	var reach := _half - MARGIN
	field.scatter(rng, _count(params.obstacles), Rect2(-reach, -reach, 2.0 * reach, 2.0 * reach), _kinds)
	field.finish()


## Where to go next on the way to the goal, x and z in metres: the goal itself, but in a maze.
func next_place(from: Vector2) -> Vector2:
	return maze.next_place(from) if maze != null else goal


## Half the length of a side, in metres.
func half_size() -> float:
	return _half


## There is no walking straight to the goal.
func _block_way(rng: RandomNumberGenerator, corners: float) -> void:
	var has_corner := rng.randf() < corners
	var wall := field.block(rng, start, goal, FieldObstacle.Kind.WALL)
	if wall == null:
		field.block(rng, start, goal, FieldObstacle.Kind.PILLAR)
	elif has_corner:
		field.add_corner(rng, wall, start)


func _lay_out_maze(rng: RandomNumberGenerator, params: NavigationParams) -> void:
	maze = _passages
	maze.carve(rng)
	for attempt: int in TRIES:
		start = maze.middle_of(rng.randi_range(0, maze.count() - 1))
		goal = maze.middle_of(rng.randi_range(0, maze.count() - 1))
		var distance := start.distance_to(goal)
		if start != goal and distance >= params.goal_distance_min and distance <= params.goal_distance_max:
			break
	maze.aim(goal)
	for wall: PackedVector2Array in maze.walls():
		field.add_wall(wall[0], wall[1])
	field.finish()


func _count(on_hundred_m2: float) -> int:
	return roundi(on_hundred_m2 * 4.0 * _half * _half / 100.0)


## Two points on the map at a distance from each other.
func _choose_way(rng: RandomNumberGenerator, distance: float) -> void:
	var reach := _half - MARGIN
	for attempt: int in TRIES:
		start = Vector2(rng.randf_range(-reach, reach), rng.randf_range(-reach, reach))
		goal = start + Vector2.from_angle(rng.randf_range(-PI, PI)) * distance
		if maxf(absf(goal.x), absf(goal.y)) <= reach:
			return
	# Along one side there is always room.
	start = Vector2(-distance / 2.0, rng.randf_range(-reach, reach))
	goal = start + Vector2(distance, 0.0)
