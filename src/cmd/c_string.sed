# Each line as a C string.
s/[\\"]/\\&/g
s/^/"/
s/$/\\n"/
