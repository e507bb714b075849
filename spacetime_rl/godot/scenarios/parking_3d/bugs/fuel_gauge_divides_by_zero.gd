extends SeededBug
## After six metres the consumption of a car that stands is divided by its speed.


func _act(_delta: float) -> void:
	var car := (arena as ParkingArena).car
	if car.driven > 6.0 and absf(car.speed()) < 0.05:
		car.linear_velocity.x /= 0.0
		car.linear_velocity.x -= car.linear_velocity.x
