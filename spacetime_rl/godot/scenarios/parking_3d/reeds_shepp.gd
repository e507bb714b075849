class_name ReedsShepp
## Length of the shortest way between two poses of a car that drives ahead and back, on circles of one radius and
## straight lines, with nothing in its way.
##
## Source: Reeds and Shepp, "Optimal paths for a car that goes both forwards and backwards" (1990), formulas 8.1 to 8.4
## and 8.7 to 8.11: up to four arcs, two arcs and a straight, or these with quarter turns between.

const _QUARTER := PI / 2.0


## Metres from the origin (facing along x) to a pose: x ahead, y to the left, and an angle to the left in rad.
static func length(x: float, y: float, angle: float, radius: float) -> float:
	var sx := x / radius
	var sy := y / radius
	var best := INF
	# Driven the other way round, seen in a mirror, and both.
	for flip: Vector2 in [Vector2(1, 1), Vector2(-1, 1), Vector2(1, -1), Vector2(-1, -1)]:
		best = minf(best, _shortest(sx * flip.x, sy * flip.y, angle * flip.x * flip.y))
	# The words that are not the same backwards, from the other end.
	var bx := sx * cos(angle) + sy * sin(angle)
	var by := sx * sin(angle) - sy * cos(angle)
	for flip: Vector2 in [Vector2(1, 1), Vector2(-1, 1), Vector2(1, -1), Vector2(-1, -1)]:
		best = minf(best, _shortest_from_end(bx * flip.x, by * flip.y, angle * flip.x * flip.y))
	return best * radius


static func _shortest(x: float, y: float, angle: float) -> float:
	var same := Vector2(x - sin(angle), y - 1.0 + cos(angle))
	var other := Vector2(x + sin(angle), y - 1.0 - cos(angle))
	var best := minf(_left_straight_left(same, angle), _left_straight_right(other, angle))
	best = minf(best, _left_right_left(same, angle))
	best = minf(best, _four_arcs(other, angle))
	best = minf(best, _left_right_straight_left(same, angle))
	best = minf(best, _left_right_straight_right(other, angle))
	return minf(best, _left_right_straight_left_right(other, angle))


static func _shortest_from_end(x: float, y: float, angle: float) -> float:
	var same := Vector2(x - sin(angle), y - 1.0 + cos(angle))
	var other := Vector2(x + sin(angle), y - 1.0 - cos(angle))
	var best := _left_right_left(same, angle)
	best = minf(best, _left_right_straight_left(same, angle))
	return minf(best, _left_right_straight_right(other, angle))


static func _left_straight_left(same: Vector2, angle: float) -> float:
	var t := same.angle()
	var v := _turn(angle - t)
	return t + same.length() + v if t >= 0.0 and v >= 0.0 else INF


static func _left_straight_right(other: Vector2, angle: float) -> float:
	var square := other.length_squared()
	if square < 4.0:
		return INF
	var u := sqrt(square - 4.0)
	var t := _turn(other.angle() + atan2(2.0, u))
	var v := _turn(t - angle)
	return t + u + v if t >= 0.0 and v >= 0.0 else INF


static func _left_right_left(same: Vector2, angle: float) -> float:
	var far := same.length()
	if far > 4.0:
		return INF
	var u := -2.0 * asin(0.25 * far)
	var t := _turn(same.angle() + 0.5 * u + PI)
	var v := _turn(angle - t + u)
	return absf(t) + absf(u) + absf(v) if t >= 0.0 and u <= 0.0 else INF


# Two words: left, right | left, right, and left | right, left | right; at a bar the car changes between ahead and back.
static func _four_arcs(other: Vector2, angle: float) -> float:
	var best := INF
	var near := 0.25 * (2.0 + other.length())
	if near <= 1.0:
		var u := acos(near)
		var ends := _first_and_last(u, -u, other, angle)
		if ends.x >= 0.0 and ends.y <= 0.0:
			best = ends.x + 2.0 * u - ends.y
	var far := (20.0 - other.length_squared()) / 16.0
	if far >= 0.0 and far <= 1.0:
		var u := -acos(far)
		var ends := _first_and_last(u, u, other, angle)
		if ends.x >= 0.0 and ends.y >= 0.0:
			best = minf(best, ends.x - 2.0 * u + ends.y)
	return best


# The first and the last of four arcs, from the two between them.
static func _first_and_last(u: float, v: float, other: Vector2, angle: float) -> Vector2:
	var between := _turn(u - v)
	var a := sin(u) - sin(between)
	var b := cos(u) - cos(between) - 1.0
	var first := atan2(other.y * a - other.x * b, other.x * a + other.y * b)
	if 2.0 * (cos(between) - cos(v) - cos(u)) + 3.0 < 0.0:
		first += PI
	first = _turn(first)
	return Vector2(first, _turn(first - u + v - angle))


static func _left_right_straight_left(same: Vector2, angle: float) -> float:
	var far := same.length()
	if far < 2.0:
		return INF
	var r := sqrt(far * far - 4.0)
	var u := 2.0 - r
	var t := _turn(same.angle() + atan2(r, -2.0))
	var v := _turn(angle - _QUARTER - t)
	return t + _QUARTER - u - v if t >= 0.0 and u <= 0.0 and v <= 0.0 else INF


static func _left_right_straight_right(other: Vector2, angle: float) -> float:
	var far := other.length()
	if far < 2.0:
		return INF
	var t := atan2(other.x, -other.y)
	var u := 2.0 - far
	var v := _turn(t + _QUARTER - angle)
	return t + _QUARTER - u - v if t >= 0.0 and u <= 0.0 and v <= 0.0 else INF


static func _left_right_straight_left_right(other: Vector2, angle: float) -> float:
	var square := other.length_squared()
	if square < 4.0:
		return INF
	var u := 4.0 - sqrt(square - 4.0)
	if u > 0.0:
		return INF
	var t := atan2((4.0 - u) * other.x - 2.0 * other.y, -2.0 * other.x + (u - 4.0) * other.y)
	var v := _turn(t - angle)
	return t + PI - u + v if t >= 0.0 and v >= 0.0 else INF


# An angle between -PI and PI.
static func _turn(angle: float) -> float:
	return wrapf(angle, -PI, PI)
