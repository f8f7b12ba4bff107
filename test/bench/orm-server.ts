// How events are usually stored: one INSERT per request, by the repository of the entity, for a
// user whose number the client knows.
import 'reflect-metadata';
import { Controller, HttpCode, Module, Post, Query } from '@nestjs/common';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Event } from '../../src/analytics/event.entity.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { serveReference } from './reference-app.js';

/** The migrations give it to `click`. */
const CLICK = 1;

interface ClickQuery {
  timestamp: string;
  user: string;
  id: string;
}

@Controller('analytics')
class OrmController {
  constructor(@InjectRepository(Event) private readonly events: Repository<Event>) {}

  @Post()
  @HttpCode(204)
  async record(@Query() { timestamp, user, id }: ClickQuery): Promise<void> {
    const time = new Date(Number(timestamp));
    await this.events.insert({ time, id, userSeq: Number(user), nameId: CLICK });
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot(dataSourceOptions(process.env['DATABASE_URL']!)),
    TypeOrmModule.forFeature([Event]),
  ],
  controllers: [OrmController],
})
class OrmModule {}

await serveReference(OrmModule);
