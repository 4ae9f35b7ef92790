package credential

import "strings"

// IsDefault says whether a password is one that attackers try first.
func IsDefault(value string) bool {
	return defaults[strings.ToLower(value)]
}

// IsPlaceholder says whether a value only holds the place of a credential.
func IsPlaceholder(value string) bool { return stands(value) }

// IsReference says whether a value is no credential but leads to one: a template, a variable, an address in
// a store, something encrypted.
func IsReference(value string) bool { return reference(value) }

// Random says whether a text looks as if a machine had made it at random.
func Random(value string) bool { return random(value) && !notSecret(value) }

// upperName says that a name is written as variables of the environment are.
func upperName(name string) bool { return strings.ToUpper(name) == name }

var weakSecrets = set("secret supersecret mysecret secretkey s3cr3t password topsecret verysecret jwtsecret mysecretkey thisisasecret 123456 admin")

// defaults are passwords that products ship with, or that lists of leaked passwords begin with.
var defaults = set(`admin administrator admin1 admin12 admin123 admin1234 admin12345 admin@123 adminadmin adminpass adminpassword
	root root123 toor rootpass rootpassword rootroot password passwd pass pass123 pass1234 passw0rd p@ssw0rd p@ssword p@55w0rd
	pa55word password1 password12 password123 password1234 password! password@123 password1! passpass pwd123
	123 1234 12345 123456 1234567 12345678 123456789 1234567890 123123 111111 000000 123321 654321 666666 0000 1111
	abc123 abcd1234 a1b2c3 qwerty qwerty123 qwertyuiop 1q2w3e4r 1qaz2wsx letmein welcome welcome1 welcome123 iloveyou monkey
	dragon master secret s3cr3t supersecret topsecret verysecret secret123 secretpassword securepassword mysecret
	mysecretpassword my-secret-pw my-secret-password mypassword mypass test test1 test123 test1234 testing testtest testpass
	testpassword guest user user123 default demo demo123 demopass dev devpass local localhost temp temp123 temppass example foo bar baz
	foobar changeit hunter2 trustno1 login pw sa sapassword yourstrong(!)password yourstrong@passw0rd yourstrongpassword
	postgres postgres123 postgrespassword postgresql mysql mysql123 mysqlpassword mysqlroot mariadb redis redis123 redispassword mongo mongodb
	mongopass mongoadmin rabbitmq rabbit elastic elastic123 elasticsearch opensearch kibana minio minioadmin minio123 miniopassword
	miniosecret cassandra couchbase couchdb neo4j influxdb clickhouse timescale cockroach oracle oracle123 tomcat kafka zookeeper
	activemq artemis nats grafana prom-operator prometheus jenkins gitea gitlab gitlab123 sonar sonarqube nexus nexus123 admin-password
	artifactory harbor harbor12345 keycloak keycloak123 vault consul airflow superset jupyter mlflow spark hadoop hive wordpress wp
	wppassword drupal joomla magento odoo nextcloud owncloud moodle ghost strapi directus hasura n8n supabase bitnami bitnami1
	argocd rancher rancheradmin portainer traefik calvin vagrant ubnt raspberry cisco zabbix nagios pihole openhab homeassistant
	dbpass dbpassword dbuser database mydb webapp app app123 apppassword backend api server service`)
