class_name ReedsShepp
## Length of the shortest way between two poses of a car that drives ahead and back, on circles of one radius and
## straight lines, with nothing in its way.
##
## Source: Reeds and Shepp, "Optimal paths for a car that goes both forwards and backwards" (1990), formulas 8.1 to 8.4
## and 8.9 to 8.11: three arcs, or two arcs and a straight, or these with quarter turns between. The words of four arcs
## (8.7, 8.8) are left out: the way is then a little longer than the shortest one.

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
