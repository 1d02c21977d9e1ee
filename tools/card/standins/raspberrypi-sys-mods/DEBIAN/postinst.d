for group in gpio i2c spi; do
	getent group "$group" >/dev/null || groupadd --system "$group"
done
