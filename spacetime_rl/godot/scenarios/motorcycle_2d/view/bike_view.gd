class_name BikeView
extends Node2D
## Draws motorcycle and rider where their bodies are, and the dust behind the rear tyre.

const _DARK := Color(0.11, 0.11, 0.13)
const _STEEL := Color(0.72, 0.74, 0.78)
const _PAINT := Color(0.9, 0.33, 0.1)
const _JERSEY := Color(0.16, 0.38, 0.72)
const _TROUSERS := Color(0.17, 0.2, 0.28)
const _HELMET := Color(0.93, 0.93, 0.95)
const _UPPER_ARM := 33.0
const _FOREARM := 33.0
const _THIGH := 38.0
const _SHIN := 40.0
## Places in the frame.
const _GRIP := Vector2(30.0, -52.0)
const _PEG := Vector2(-6.0, 22.0)
const _PIVOT := Vector2(-14.0, 16.0)
const _HEAD_TUBE := Vector2(44.0, -30.0)
## Places in the rider, from the hips.
const _SHOULDER := Vector2(2.0, -50.0)
const _HEAD := Vector2(4.0, -67.0)
## A tyre that slips this fast throws up dust, in pixels a second.
const _SLIP := 150.0

var _bike: Motorcycle
var _dust := CPUParticles2D.new()


func _init(bike: Motorcycle) -> void:
	_bike = bike
	name = "BikeView"
	z_index = 2


func _ready() -> void:
	_dust.amount = 60
	_dust.lifetime = 0.8
	_dust.emitting = false
	_dust.local_coords = false
	_dust.direction = Vector2(-1.0, -0.7)
	_dust.spread = 25.0
	_dust.gravity = Vector2(0.0, 250.0)
	_dust.initial_velocity_min = 120.0
	_dust.initial_velocity_max = 330.0
	_dust.scale_amount_min = 4.0
	_dust.scale_amount_max = 11.0
	_dust.color = Color(0.58, 0.45, 0.32, 0.6)
	add_child(_dust)


func _process(_delta: float) -> void:
	var rear := _bike.rear
	var slip := rear.angular_velocity * Motorcycle.WHEEL_RADIUS - rear.linear_velocity.length()
	_dust.emitting = _bike.touches(rear) and absf(slip) > _SLIP
	_dust.global_position = rear.global_position + Vector2(-8.0, Motorcycle.WHEEL_RADIUS - 4.0)
	queue_redraw()


func _draw() -> void:
	_draw_wheel(_bike.rear)
	_draw_wheel(_bike.front)
	draw_set_transform_matrix(_bike.global_transform)
	_draw_running_gear()
	_draw_body()
	draw_set_transform_matrix(Transform2D.IDENTITY)
	_draw_rider()


func _draw_wheel(wheel: RigidBody2D) -> void:
	draw_set_transform_matrix(wheel.global_transform)
	for knob: int in 22:
		var out := Vector2.from_angle(TAU * knob / 22.0)
		draw_line(out * 27.0, out * 33.0, _DARK, 6.0)
	draw_circle(Vector2.ZERO, 30.0, _DARK, true, -1.0, true)
	draw_circle(Vector2.ZERO, 21.0, Color(0.86, 0.8, 0.7), true, -1.0, true)
	draw_arc(Vector2.ZERO, 21.0, 0.0, TAU, 32, _STEEL, 3.0, true)
	for spoke: int in 12:
		var out := Vector2.from_angle(TAU * spoke / 12.0)
		draw_line(out * 5.0, out.rotated(0.25) * 20.0, Color(0.35, 0.36, 0.4), 1.5, true)
	draw_arc(Vector2.ZERO, 10.0, 0.0, TAU, 24, Color(0.45, 0.46, 0.5), 3.0, true)
	draw_circle(Vector2.ZERO, 5.0, _STEEL, true, -1.0, true)


# In the frame's own coordinates.
func _draw_running_gear() -> void:
	var rear := _bike.to_local(_bike.rear.global_position)
	var front := _bike.to_local(_bike.front.global_position)
	draw_line(_PIVOT, rear, Color(0.5, 0.52, 0.56), 9.0, true)
	_draw_spring(Vector2(-34.0, -16.0), _PIVOT.lerp(rear, 0.55))
	var middle := _HEAD_TUBE.lerp(front, 0.55)
	draw_line(middle, front, Color(0.25, 0.26, 0.3), 7.0, true)
	draw_line(_HEAD_TUBE, middle, Color(0.86, 0.68, 0.25), 9.0, true)
	draw_circle(rear, 4.0, _DARK, true, -1.0, true)
	draw_circle(front, 4.0, _DARK, true, -1.0, true)
	draw_arc(front, 38.0, -2.7, -0.9, 16, _PAINT, 6.0, true)


func _draw_spring(from: Vector2, to: Vector2) -> void:
	var line: PackedVector2Array = [from]
	var side := (to - from).orthogonal().normalized() * 5.0
	for turn: int in 8:
		line.append(from.lerp(to, (turn + 0.5) / 8.0) + (side if turn % 2 == 0 else -side))
	line.append(to)
	draw_polyline(line, Color(0.85, 0.85, 0.3), 3.0, true)


func _draw_body() -> void:
	_fill(
		[Vector2(-18.0, -8.0), Vector2(24.0, -8.0), Vector2(27.0, 18.0), Vector2(-14.0, 23.0)], Color(0.36, 0.37, 0.41)
	)
	for fin: int in 5:
		var y := -4.0 + 5.0 * fin
		draw_line(Vector2(-8.0, y), Vector2(24.0, y - 1.0), Color(0.55, 0.56, 0.6), 2.0, true)
	draw_circle(Vector2(-3.0, 13.0), 9.0, _STEEL, true, -1.0, true)
	draw_line(_HEAD_TUBE, Vector2(20.0, 20.0), Color(0.24, 0.25, 0.28), 6.0, true)
	draw_line(Vector2(-40.0, -20.0), _PIVOT, Color(0.24, 0.25, 0.28), 6.0, true)
	var pipe: PackedVector2Array = [Vector2(24.0, 2.0), Vector2(31.0, 12.0), Vector2(22.0, 23.0), Vector2(-16.0, 20.0)]
	pipe.append_array([Vector2(-40.0, 0.0), Vector2(-52.0, -8.0)])
	draw_polyline(pipe, _STEEL, 5.0, true)
	draw_line(Vector2(-48.0, -6.0), Vector2(-84.0, -18.0), Color(0.6, 0.62, 0.66), 11.0, true)
	_fill([Vector2(-52.0, -26.0), Vector2(-96.0, -40.0), Vector2(-98.0, -34.0), Vector2(-54.0, -17.0)], _PAINT)
	var seat: PackedVector2Array = [
		Vector2(-64.0, -31.0), Vector2(-30.0, -27.0), Vector2(0.0, -33.0), Vector2(4.0, -24.0)
	]
	seat.append_array([Vector2(-30.0, -19.0), Vector2(-58.0, -23.0)])
	_fill(seat, _DARK)
	var tank: PackedVector2Array = [
		Vector2(-6.0, -28.0), Vector2(10.0, -38.0), Vector2(36.0, -37.0), Vector2(50.0, -22.0)
	]
	tank.append_array([Vector2(38.0, 0.0), Vector2(20.0, -6.0), Vector2(0.0, -14.0)])
	_fill(tank, _PAINT)
	_fill([Vector2(14.0, -32.0), Vector2(32.0, -32.0), Vector2(40.0, -18.0), Vector2(24.0, -16.0)], Color.WHITE)
	draw_line(_HEAD_TUBE, _GRIP + Vector2(6.0, 0.0), Color(0.24, 0.25, 0.28), 5.0, true)
	draw_line(_GRIP + Vector2(8.0, 1.0), _GRIP + Vector2(-6.0, -2.0), _DARK, 6.0, true)
	_fill(
		[Vector2(46.0, -48.0), Vector2(54.0, -44.0), Vector2(54.0, -26.0), Vector2(46.0, -26.0)], Color(0.95, 0.95, 0.9)
	)


func _fill(points: PackedVector2Array, colour: Color) -> void:
	draw_colored_polygon(points, colour)
	var outline := points.duplicate()
	outline.append(points[0])
	draw_polyline(outline, colour.darkened(0.35), 2.0, true)


func _draw_rider() -> void:
	var torso := _bike.rider.global_transform
	var hips := torso.origin
	var shoulder := torso * _SHOULDER
	var peg := _bike.to_global(_PEG)
	var knee := _bend(hips, peg, _THIGH, _SHIN, -1.0)
	_limb(hips, knee, 17.0, _TROUSERS)
	_limb(knee, peg, 14.0, _TROUSERS)
	var sole := _bike.global_transform.x
	draw_line(peg - sole * 8.0, peg + sole * 14.0, _DARK, 10.0, true)
	draw_line(knee.lerp(peg, 0.55), peg, _HELMET.darkened(0.1), 13.0, true)
	draw_set_transform_matrix(torso)
	var chest: PackedVector2Array = [
		Vector2(-11.0, 4.0), Vector2(-14.0, -30.0), Vector2(-9.0, -54.0), Vector2(7.0, -56.0)
	]
	chest.append_array([Vector2(12.0, -36.0), Vector2(10.0, 4.0)])
	_fill(chest, _JERSEY)
	_fill(
		[Vector2(-13.0, -22.0), Vector2(-14.0, -34.0), Vector2(12.0, -34.0), Vector2(12.0, -24.0)],
		Color(0.95, 0.8, 0.2)
	)
	_draw_helmet()
	draw_set_transform_matrix(Transform2D.IDENTITY)
	var grip := _bike.to_global(_GRIP)
	var elbow := _bend(shoulder, grip, _UPPER_ARM, _FOREARM, 1.0)
	_limb(shoulder, elbow, 13.0, _JERSEY.darkened(0.12))
	_limb(elbow, grip, 11.0, _JERSEY.darkened(0.12))
	draw_circle(grip, 6.5, _DARK, true, -1.0, true)


# In the rider's own coordinates; he looks ahead however he leans.
func _draw_helmet() -> void:
	var level := -_bike.leaning() - Motorcycle.AT_EASE
	draw_set_transform_matrix(_bike.rider.global_transform * Transform2D(level, _HEAD))
	draw_circle(Vector2.ZERO, 14.0, _HELMET, true, -1.0, true)
	_fill([Vector2(2.0, -4.0), Vector2(14.0, -4.0), Vector2(13.0, 5.0), Vector2(4.0, 5.0)], Color(0.15, 0.2, 0.28))
	_fill([Vector2(4.0, 6.0), Vector2(16.0, 5.0), Vector2(14.0, 13.0), Vector2(2.0, 13.0)], _HELMET)
	_fill([Vector2(-2.0, -13.0), Vector2(22.0, -10.0), Vector2(20.0, -6.0), Vector2(2.0, -7.0)], _PAINT)
	draw_arc(Vector2.ZERO, 11.0, 2.0, 4.0, 12, _PAINT, 4.0, true)


func _limb(from: Vector2, to: Vector2, width: float, colour: Color) -> void:
	draw_line(from, to, colour, width, true)
	draw_circle(from, width / 2.0, colour, true, -1.0, true)
	draw_circle(to, width / 2.0, colour, true, -1.0, true)


# The joint of a limb of two parts between its ends; `side` says to which side it bends.
func _bend(from: Vector2, to: Vector2, first: float, second: float, side: float) -> Vector2:
	var away := to - from
	var reach := clampf(away.length(), 1.0, first + second - 0.1)
	var cosine := (first * first + reach * reach - second * second) / (2.0 * first * reach)
	return from + away.normalized().rotated(side * acos(clampf(cosine, -1.0, 1.0))) * first
